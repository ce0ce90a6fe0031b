import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { parseDrillRecord } from '../../../src/core/drill/drill-record.ts'
import { createBucket } from '../../support/bucket.ts'
import { createDatabase } from '../../support/database.ts'
import { dumpOptions, labEnvironment } from '../../support/dump.ts'
import { theLab } from '../../support/lab.ts'
import { USERS } from '../../support/render/recovery.ts'
import { createWorkplace } from '../../support/runner/workplace.ts'
import { runAction } from '../../support/runner.ts'

const lab = theLab()

const CRITERIA = `checks:
  - { name: users, table: users, tolerance: 5% }
  - { name: last sign-up, newest: users.created_at, within: 1h }
`

/** A backup of 1,000 users, and a database that another tool restored. */
async function given(restoredSql: string) {
  const stack = new AsyncDisposableStack()
  const source = stack.use(await createDatabase(lab, USERS))
  const bucket = stack.use(await createBucket(lab))
  const restored = stack.use(await createDatabase(lab, `${USERS} ${restoredSql}`))
  const dumped = await runAction(
    'dump-to-s3',
    dumpOptions(lab, source, bucket, { inputs: { database: 'logi' } }),
  )
  expect(dumped.exitCode, dumped.log).toBe(0)
  const file = join(createWorkplace().workspace, 'criteria.yml')
  await writeFile(file, CRITERIA)
  const judge = (inputs: Readonly<Record<string, string>> = {}) =>
    runAction('verify-drill', {
      inputs: {
        ...{ destination: `s3://${bucket.name}/backups`, database: 'logi', criteria: file },
        ...{ 'restored-url': restored.url, ...inputs },
      },
      env: labEnvironment(lab),
    })
  return { bucket, restored, judge, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const schemaOf = 'SELECT string_agg(relname, $$,$$ ORDER BY relname) AS names FROM pg_class'

describe('verify-drill with restored-url', () => {
  it('passes by criteria, creates nothing, and proves nothing about backups', async () => {
    await using drill = await given('DELETE FROM users WHERE id > 990; CREATE TABLE new_feature (id int);')
    const before = await drill.restored.query(schemaOf)
    const run = await drill.judge({ 'smoke-command': 'psql "$DATABASE_URL" -c "SELECT count(*) FROM users"' })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ verdict: 'pass', 'recovery-seconds': '' })
    expect(await drill.restored.query(schemaOf)).toEqual(before)
    const key = (run.outputs['drill-uri'] ?? '').replace(`s3://${drill.bucket.name}/`, '')
    expect(key).toMatch(/^backups\/recoveries\/logi\/\d{8}T\d{6}Z-[0-9a-f]{8}\.json$/)
    const record = parseDrillRecord((await drill.bucket.read(key)).toString(), key)
    expect(record.restored).toEqual({ host: lab.postgres.host, database: drill.restored.name })
    const verdicts = record.checks.map(({ name, verdict }) => `${name}: ${verdict}`)
    expect(verdicts).toContain('rows of all tables: not-measured')
    expect(verdicts).toContain('users: pass')
    expect(
      record.checks.filter(({ group, verdict }) => group === 'structure' && verdict !== 'information'),
    ).toEqual([])
    const freshness = {
      destination: `s3://${drill.bucket.name}/backups`,
      database: 'logi',
      'drill-max-age': '1h',
    }
    const fresh = await runAction('check-freshness', { inputs: freshness, env: labEnvironment(lab) })
    expect(fresh.log).toContain('There is no passed drill')
  })

  it('fails when a criterion is broken, and names the database', async () => {
    await using drill = await given('DELETE FROM users WHERE id > 900;')
    const run = await drill.judge()
    expect(run.outputs).toMatchObject({ verdict: 'fail', 'failed-checks': 'users' })
    expect(run.annotations.at(-1)?.message).toContain(`The database ${drill.restored.name} on`)
  })

  it('measures the newest row from the instant that it was recovered to', async () => {
    await using drill = await given("UPDATE users SET created_at = now() - interval '3 days';")
    const early = new Date(Date.now() - 3 * 86_400_000).toISOString()
    expect((await drill.judge()).outputs['failed-checks']).toBe('last sign-up')
    expect((await drill.judge({ 'recovered-to': early })).outputs.verdict).toBe('pass')
  })

  it('without criteria is not measured', async () => {
    await using drill = await given('')
    const run = await drill.judge({ criteria: '' })
    expect(run.outputs.verdict).toBe('not-measured')
    expect(run.annotations.at(-1)?.message).toContain('no criteria were given')
  })

  test.each([
    ['scratch-url', { 'scratch-url': 'postgresql://a:b@127.0.0.1:1/c' }],
    ['amcheck', { amcheck: 'true' }],
    ['recovered-to', { 'recovered-to': 'latest' }],
  ])('refuses %s beside it', async (name, inputs) => {
    const run = await runAction('verify-drill', {
      inputs: {
        ...{ destination: 's3://b', database: 'logi', 'restored-url': 'postgresql://a:b@127.0.0.1:1/c' },
        ...inputs,
      },
      env: labEnvironment(lab),
    })
    expect(run.annotations.map(({ title }) => title)).toEqual(['verify-drill: INVALID_INPUT'])
    expect(run.annotations[0]?.message).toMatch(new RegExp(name === 'scratch-url' ? 'restored-url' : name))
  })
})
