import { readFileSync } from 'node:fs'
import type { Client } from 'pg'

export interface LogiSize {
  /** Each brings about seven rows in all tables together. */
  readonly users: number
  /** When the last of them signed up; one that is fixed makes the whole database the same every time. */
  readonly newest?: Date
}

/** People a batch: what one statement makes at a time. */
const BATCH = 20_000

/** The instant of the last signup where none is given. */
const NEWEST = new Date('2026-11-01T03:00:00Z')

/** Builds the logi-like database for the demo and for tests: about 150,000 rows, in a few seconds. */
export async function buildDemoDatabase(client: Client, newest?: Date): Promise<void> {
  await buildLogi(client, newest === undefined ? { users: BATCH } : { users: BATCH, newest })
}

/** Builds it in the size that is asked for, in one transaction, into an empty database. */
export async function buildLogi(client: Client, { users, newest = NEWEST }: LogiSize): Promise<void> {
  await client.query('BEGIN')
  await client.query(sql('schema'))
  await setting(client, 'newest', newest.toISOString())
  await setting(client, 'total', String(users))
  // A year and a half of signups, for any number.
  await setting(client, 'seconds_apart', String((550 * 86_400) / users))
  for (let first = 1; first <= users; first += BATCH) {
    await setting(client, 'first', String(first))
    await setting(client, 'last', String(Math.min(first + BATCH - 1, users)))
    await client.query(sql('rows'))
    await client.query('DROP TABLE words, people')
  }
  await client.query(sql('indexes'))
  await client.query('COMMIT')
  await client.query('VACUUM ANALYZE')
}

function sql(part: 'schema' | 'rows' | 'indexes'): string {
  return readFileSync(new URL(`logi-${part}.sql`, import.meta.url), 'utf8')
}

async function setting(client: Client, name: string, value: string): Promise<void> {
  await client.query('SELECT set_config($1, $2, true)', [`data.${name}`, value])
}
