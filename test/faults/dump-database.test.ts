import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase, databaseUrl, type TestDatabase, withClient } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import { expectNothingLeft } from '../support/dump-faults.ts'
import { theLab } from '../support/lab.ts'
import { runAction } from '../support/runner.ts'

/** A role that may log in and nothing else, dropped with what it was granted. */
async function createRole(
  database: TestDatabase,
  attributes = '',
): Promise<{ user: string; password: string; drop(): Promise<void> }> {
  const user = `role_${randomBytes(4).toString('hex')}`
  const password = randomBytes(8).toString('hex')
  await database.query(`CREATE ROLE ${user} LOGIN ${attributes} PASSWORD '${password}'`)
  return {
    user,
    password,
    drop: async () => void (await database.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`)),
  }
}

describe('a dump whose database refuses it', () => {
  const lab = theLab()

  it('tells a wrong password from everything else', async () => {
    await using source = await createDatabase(lab)
    await using bucket = await createBucket(lab)
    const url = source.url.replace(/:[^:@]+@/, ':wrong@')

    const run = await runAction('dump-to-s3', dumpOptions(lab, { url }, bucket))

    await expectNothingLeft(run, bucket, 'DATABASE_AUTH')
  })

  it('names every table that the role may not read, before the dump', async () => {
    await using source = await createDatabase(
      lab,
      `CREATE TABLE open (a int); CREATE TABLE secret (a int); CREATE TABLE hidden (a int);
       ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; CREATE SEQUENCE numbers;`,
    )
    await using bucket = await createBucket(lab)
    const role = await createRole(source)
    await source.query(`GRANT SELECT ON open, hidden TO ${role.user}`)

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, { url: databaseUrl(lab, source.name, role) }, bucket),
    )
    await role.drop()

    const message = run.annotations.at(-1)?.message ?? ''
    expect(message).toContain('no SELECT on public.secret')
    expect(message).toContain('row security hides rows of public.hidden')
    expect(message).toContain('public.numbers')
    expect(message).not.toContain('public.open')
    await expectNothingLeft(run, bucket, 'DATABASE_PRIVILEGES')
  })

  it('names the session that holds a lock on a table', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE busy (a int)')
    await using bucket = await createBucket(lab)
    const run = await withClient(source.url, async client => {
      await client.query('BEGIN; LOCK TABLE busy IN ACCESS EXCLUSIVE MODE')
      return runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs: { 'lock-timeout': '1s' } }))
    })

    expect(run.annotations.at(-1)?.message).toMatch(/table .*busy.* is locked by pid \d+ .*LOCK TABLE busy/)
    await expectNothingLeft(run, bucket, 'DATABASE_LOCKED')
  })

  it('takes its snapshot after the locks: what a lock holder commits is in the backup', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE busy AS SELECT 1 AS a')
    await using bucket = await createBucket(lab)
    const run = await withClient(source.url, async client => {
      await client.query('BEGIN; LOCK TABLE busy IN ACCESS EXCLUSIVE MODE; TRUNCATE busy')
      const running = runAction('dump-to-s3', dumpOptions(lab, source, bucket))
      await sleep(1500)
      await client.query('INSERT INTO busy SELECT generate_series(1, 7); COMMIT')
      return running
    })

    expect(run.outputs.rows).toBe('7')
  })

  it.each([
    ['nobody listens', 'postgresql://user:secret-word@127.0.0.1:9/db', 'DATABASE_UNREACHABLE'],
    [
      'the name does not resolve',
      'postgresql://user:secret-word@no-such-host.invalid/db',
      'DATABASE_UNREACHABLE',
    ],
  ])('says where it tried to connect when %s', async (_, url, code) => {
    await using bucket = await createBucket(lab)

    const run = await runAction('dump-to-s3', dumpOptions(lab, { url }, bucket))

    await expectNothingLeft(run, bucket, code)
  })
})
