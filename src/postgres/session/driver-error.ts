import { type ErrorFacts, errorMessage, hasSqlState, OperatorError } from '../../core/errors.ts'
import { type Connection, renderConnection } from '../../core/pg/connection.ts'
import {
  CERTIFICATE_CODES,
  type Explanation,
  explain,
  explainCode,
  NO_IPV6,
  SHARED_MEMORY,
} from './error-rules.ts'

/**
 * The rule for an error of the driver: by its code where it has one, else by the driver's own words. The text
 * of a server is never searched: it quotes names, and it speaks the server's language.
 */
function explainDriver(error: unknown): Explanation | undefined {
  const code = codeOf(error)
  if (/^dsm_impl/.test(routineOf(error))) return SHARED_MEMORY
  return code === undefined ? explain(errorMessage(error)) : explainCode(code)
}

/** The function of the server that raised an error of the driver. */
function routineOf(error: unknown): string {
  return error instanceof Error && 'routine' in error ? String(error.routine) : ''
}

/** Every address of the host is of IPv6, and none of them can be reached from here. */
function lacksIpv6(error: unknown): boolean {
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  return errors.length > 0 && errors.every(isUnreachableIpv6)
}

function isUnreachableIpv6(error: unknown): boolean {
  const isUnreachable = ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(
    codeOf(error) ?? '',
  )
  const address = error instanceof Error && 'address' in error ? String(error.address) : ''
  return isUnreachable && address.includes(':')
}

/** An error from opening a connection, with the address that was tried. */
export function connectionError(error: unknown, connection: Connection): OperatorError {
  const known = lacksIpv6(error) ? NO_IPV6 : explainDriver(error)
  return new OperatorError(
    known?.code ?? 'DATABASE_UNREACHABLE',
    `Could not connect to ${renderConnection(connection)} (sslmode ${connection.sslMode}): ${describe(error)}.`,
    {
      hint: known?.hint ?? 'Check database-url and that the server can be reached from here.',
      ...factsOf(error),
      cause: error,
    },
  )
}

/**
 * What a server said when it refused a session because of a setting: unknown (42704), of a wrong value
 * (22023), not for this role (42501), or not for a session (55P02). Undefined for every other error.
 */
export function settingRefusal(error: unknown): string | undefined {
  if (!hasSqlState(error, '42704', '22023', '42501', '55P02')) return undefined
  return error instanceof OperatorError && error.cause instanceof Error ? error.cause.message : undefined
}

/** An error from a statement of ours. */
export function statementError(error: unknown, connection: Connection): OperatorError {
  const known = explainDriver(error)
  return new OperatorError(
    known?.code ?? 'DATABASE_FAILED',
    `${renderConnection(connection)} answered: ${describe(error)}.`,
    {
      hint: known?.hint ?? 'Look at the log of the server at this time.',
      ...factsOf(error),
      cause: error,
    },
  )
}

/**
 * No TLS there, a certificate that is not trusted, or access rules that refuse this way: libpq tries the
 * other.
 */
export function isTlsRefusal(error: unknown): boolean {
  const code = codeOf(error)
  if (code === undefined) return /server does not support SSL/i.test(errorMessage(error))
  return code === '28000' || CERTIFICATE_CODES.includes(code) || /^(ERR_TLS|ERR_SSL|EPROTO$)/.test(code)
}

/** A SQLSTATE, an errno, or Node's name of a TLS error; undefined where the driver gives its words alone. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.message === '') return codeOf(error.errors[0])
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** The driver's DatabaseError is what a server said: it has a severity. */
function factsOf(error: unknown): ErrorFacts {
  const code = codeOf(error)
  if (code === undefined) return {}
  return error instanceof Error && 'severity' in error ? { sqlState: code } : { providerCode: code }
}

/** The message, with the code to look it up by. */
function describe(error: unknown): string {
  const code = codeOf(error)
  return `${errorMessage(error)}${code === undefined ? '' : ` (${code})`}`.replace(/\.$/, '')
}
