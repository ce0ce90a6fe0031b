import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { createDatabase, type TestDatabase, withClient } from '../support/database.ts'
import { theLab } from '../support/lab.ts'
import { buildDemoDatabase } from './logi.ts'

const TABLES = [
  'users',
  'logi_identity_links',
  'logi_webhook_deliveries',
  'logi_event_dlqs',
  'logi_audit_events',
  'schema_migrations',
  'ar_internal_metadata',
]

async function digest(database: TestDatabase): Promise<string> {
  const hash = createHash('sha256')
  for (const table of TABLES) {
    const [row] = await database.query(
      `SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM ${table} AS t`,
    )
    hash.update(JSON.stringify(row))
  }
  return hash.digest('hex')
}

it('has more than 100,000 rows, the same every time', async () => {
  await using one = await createDatabase(theLab(), buildDemoDatabase)
  const counts = TABLES.map(table => `SELECT count(*) FROM ${table}`)
  const [row] = await one.query<{ rows: string }>(`SELECT (${counts.join(') + (')}) AS rows`)
  expect(Number(row?.rows)).toBeGreaterThan(100_000)
  await using other = await createDatabase(theLab(), buildDemoDatabase)
  expect(await digest(one)).toBe(await digest(other))
})

it('ends where it is told to end', async () => {
  const newest = new Date('2027-03-04T05:06:07Z')
  await using database = await createDatabase(theLab(), client => buildDemoDatabase(client, newest))
  expect(await database.query('SELECT max(created_at) AS newest FROM users')).toEqual([{ newest }])
})

it('guards its audit trail, unless the session may purge it', async () => {
  await using database = await createDatabase(theLab(), buildDemoDatabase)
  for (const change of [
    'DELETE FROM logi_audit_events',
    'UPDATE logi_audit_events SET note = null',
    'TRUNCATE logi_audit_events',
  ])
    await expect(database.query(change)).rejects.toThrow('write-once')
  await withClient(database.url, async client => {
    await client.query(
      `BEGIN; SET LOCAL logi.allow_audit_purge = 'yes'; DELETE FROM logi_audit_events WHERE id < 10; COMMIT`,
    )
  })
  expect(await database.query('SELECT min(id) FROM logi_audit_events')).toEqual([{ min: '10' }])
})
