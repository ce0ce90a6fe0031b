import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import type { Lab } from '../../lab/lab.ts'

/** A database of its own for one test. `await using` drops it at the end, with all sessions in it. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string
  /** For the superuser, with the password in it. */
  readonly url: string
  /** Runs SQL, several statements too, and returns the rows of the last one that has any. */
  query<Row extends Record<string, unknown>>(sql: string): Promise<readonly Row[]>
  drop(): Promise<void>
}

/** Builds what the test needs: SQL, or a function that works on a connection of the superuser. */
export type DatabaseBuilder = string | ((client: Client) => Promise<unknown>)

/**
 * Makes a database with a random name that begins with `prefix`, which is also its name in a URL without
 * encoding.
 */
export async function createDatabase(
  lab: Lab,
  builder: DatabaseBuilder = '',
  prefix = 'test',
): Promise<TestDatabase> {
  const name = `${prefix}_${randomBytes(6).toString('hex')}`
  await withClient(databaseUrl(lab, 'postgres'), client => client.query(`CREATE DATABASE ${name}`))
  const url = databaseUrl(lab, name)
  const drop = () =>
    withClient(databaseUrl(lab, 'postgres'), async client => {
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    })
  try {
    await withClient(url, client => (typeof builder === 'string' ? client.query(builder) : builder(client)))
  } catch (error) {
    await drop()
    throw error
  }
  return { name, url, query: sql => query(url, sql), drop, [Symbol.asyncDispose]: drop }
}

/** A URL of a database of the lab, for its superuser or for another role. */
export function databaseUrl(
  { postgres }: Lab,
  database: string,
  role?: { user: string; password: string },
): string {
  const url = new URL(`postgresql://${postgres.host}:${postgres.port}`)
  url.username = encodeURIComponent(role?.user ?? postgres.user)
  url.password = encodeURIComponent(role?.password ?? postgres.password)
  url.pathname = `/${encodeURIComponent(database)}`
  return url.href
}

/** Connects, works, and disconnects, also on failure. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  // A server that goes away says so through the query that fails; without a listener it would end the
  // process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function query<Row extends Record<string, unknown>>(url: string, sql: string): Promise<readonly Row[]> {
  return await withClient(url, async client => {
    const results = [await client.query<Row>(sql)].flat()
    return results.findLast(result => result.rows.length > 0)?.rows ?? []
  })
}
