import { randomBytes } from 'node:crypto'
import type { Client } from 'pg'
import type { Lab } from '../../lab/lab.ts'
import { databaseUrl, withClient } from './database.ts'

/**
 * A database as a hosting provider hands it out: its owner is no superuser, may create databases, and owns
 * the database and all that is in it; the schema public belongs to pg_database_owner.
 */
export interface HostedDatabase extends AsyncDisposable {
  readonly name: string
  readonly user: string
  /** For the owner, with the password in it. */
  readonly url: string
  /** For the superuser. */
  readonly adminUrl: string
  /** The same for another database of the server. */
  urlOf(database: string): string
}

/** Makes role and database; `await using` drops both, with every database that the role owns by then. */
export async function createHosted(
  lab: Lab,
  build: string | ((client: Client) => Promise<unknown>) = '',
  attributes = 'CREATEDB',
): Promise<HostedDatabase> {
  const user = `hosted_${randomBytes(5).toString('hex')}`
  const password = randomBytes(8).toString('hex')
  const admin = databaseUrl(lab, 'postgres')
  await withClient(admin, async client => {
    await client.query(`CREATE ROLE ${user} LOGIN ${attributes} PASSWORD '${password}'`)
    await client.query(`CREATE DATABASE ${user} OWNER ${user}`)
  })
  const urlOf = (database: string) => databaseUrl(lab, database, { user, password })
  const drop = async () => {
    await withClient(admin, async client => {
      const { rows } = await client.query<{ name: string }>(
        'SELECT quote_ident(d.datname) AS name FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = $1',
        [user],
      )
      for (const { name } of rows) await client.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await client.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`)
    })
  }
  try {
    await withClient(urlOf(user), client => (typeof build === 'string' ? client.query(build) : build(client)))
  } catch (error) {
    await drop()
    throw error
  }
  return {
    name: user,
    user,
    url: urlOf(user),
    adminUrl: databaseUrl(lab, user),
    urlOf,
    [Symbol.asyncDispose]: drop,
  }
}
