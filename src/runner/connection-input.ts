import { type Connection, connectionFromVariables, parseConnectionUrl } from '../core/pg/connection.ts'
import type { Secret } from '../core/secret.ts'
import type { Environment } from './environment.ts'
import { type Inputs, type Read, Refused } from './inputs.ts'
import { maskSecret } from './secrets.ts'

/**
 * Reads a connection from a URL input, or from the PG* variables where the input is empty. The URL and the
 * password are masked in every spelling before anything else happens; user, host and database stay readable.
 */
export function readConnection(inputs: Inputs, environment: Environment, name: string): Read<Connection> {
  const url = inputs.secret(name)
  return url === undefined
    ? masked(inputs.attempt(name, () => connectionFromVariables(environment.variables)))
    : parseUrl(inputs, name, url)
}

/** Reads a connection from a URL input; undefined where the input is empty. */
export function readOptionalConnection(inputs: Inputs, name: string): Read<Connection | undefined> {
  const url = inputs.secret(name)
  return url && parseUrl(inputs, name, url)
}

function parseUrl(inputs: Inputs, name: string, url: Secret): Read<Connection> {
  return masked(inputs.attempt(name, () => parseConnectionUrl(url.reveal())))
}

function masked(connection: Read<Connection>): Read<Connection> {
  if (!(connection instanceof Refused) && connection.password !== undefined)
    maskSecret(connection.password.reveal())
  return connection
}
