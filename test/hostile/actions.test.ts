import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFakeGithub } from '../../scripts/workflows/fake-github.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, databaseUrl, type TestDatabase, withClient } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { expectContract, expectWholePage } from '../support/hostile/contract.ts'
import { buildHostile, buildUnrestorable } from '../support/hostile/database.ts'
import { HOSTILE_TEXTS, MARK } from '../support/hostile/texts.ts'
import { theLab } from '../support/lab.ts'
import { createWorkplace } from '../support/runner/workplace.ts'
import { type ActionRun, runAction } from '../support/runner.ts'
import { readBackup, tamper } from '../support/tamper.ts'

const lab = theLab()
const env = labEnvironment(lab)

/** A database, and a bucket with a backup of it. */
interface Subject extends AsyncDisposable {
  readonly source: TestDatabase
  readonly bucket: TestBucket
  readonly dumped: ActionRun
}

async function backUp(build: (client: Client) => Promise<void>): Promise<Subject> {
  await using stack = new AsyncDisposableStack()
  const source = stack.use(await createDatabase(lab, build, 'hostile'))
  const bucket = stack.use(await createBucket(lab))
  const inputs = { ...place(bucket), 'database-url': source.url, fingerprint: 'content' }
  const dumped = await runAction('dump-to-s3', { inputs, env })
  const kept = stack.move()
  return { source, bucket, dumped, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

const place = (bucket: TestBucket) => ({ database: 'logi', destination: `s3://${bucket.name}/backups` })

const drill = (bucket: TestBucket, inputs: Readonly<Record<string, string>> = {}) =>
  runAction('verify-drill', { inputs: { ...place(bucket), ...inputs }, env })

const PRINT_TEXTS = 'psql --no-psqlrc -At -c "SELECT text FROM texts" "$DATABASE_URL"'

describe('with a hostile database', () => {
  let subject: Subject
  beforeAll(async () => {
    subject = await backUp(buildHostile)
  })
  afterAll(() => subject[Symbol.asyncDispose]())

  it('dump-to-s3 shows its tables, and obeys none of them', () => {
    const { dumped } = subject
    expectContract('dump-to-s3', dumped)
    // It is not that nothing was shown: each of the largest tables has its row.
    expect(dumped.summary.split(MARK).length).toBeGreaterThan(30)
  })

  it('dump-to-s3 names what a role with a hostile name may not read', async () => {
    const { source, bucket } = subject
    const role = { user: `::error::${MARK} ${randomBytes(4).toString('hex')}`, password: 'hostile' }
    const name = `"${role.user}"`
    await source.query(`CREATE ROLE ${name} LOGIN PASSWORD 'hostile'`)
    try {
      const url = databaseUrl(lab, source.name, role)
      const run = await runAction('dump-to-s3', { inputs: { ...place(bucket), 'database-url': url }, env })
      expectContract('dump-to-s3', run, 'DATABASE_PRIVILEGES')
      expect(run.annotations.at(-1)?.message).toContain(MARK)
    } finally {
      await source.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`)
    }
  })

  it('verify-drill passes with hostile warnings, criteria values and smoke output', async () => {
    const file = await writeHostileCriteria()
    const inputs = { criteria: file, 'smoke-command': `${PRINT_TEXTS}; ${PRINT_TEXTS} >&2` }

    const run = await drill(subject.bucket, inputs)

    expectContract('verify-drill', run, 'DRILL_FAILED')
    expect(run.log.split(MARK).length).toBeGreaterThan(3 * HOSTILE_TEXTS.length)
    expect(run.summary.split(MARK).length).toBeGreaterThan(HOSTILE_TEXTS.length)
    const plain = await drill(subject.bucket)
    expectContract('verify-drill', plain)
    expect(plain.outputs.verdict).toBe('pass')
  })

  it('verify-drill judges hostile tables that another tool restored, and obeys none', async () => {
    await using restored = await createDatabase(lab, buildHostile, 'hostile')
    const file = await writeHostileCriteria()
    const inputs = { criteria: file, 'restored-url': restored.url, 'smoke-command': PRINT_TEXTS }

    const run = await drill(subject.bucket, inputs)

    expectContract('verify-drill', run, 'DRILL_FAILED')
    expect(run.summary.split(MARK).length).toBeGreaterThan(HOSTILE_TEXTS.length)
  })

  it('verify-drill names every hostile table that lost a row', async () => {
    await using bucket = await createBucket(lab)
    const inputs = { ...place(bucket), 'database-url': subject.source.url }
    await runAction('dump-to-s3', { inputs, env })
    const names = await subject.source.query<{ name: string }>(
      `SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname ~ '${MARK}'`,
    )
    await tamper(
      lab,
      bucket,
      await readBackup(bucket),
      names.map(({ name }) => `DELETE FROM ${name} WHERE id = 1`).join(';'),
    )

    const run = await drill(bucket)

    expectContract('verify-drill', run, 'DRILL_FAILED')
    expect(run.outputs['failed-checks']?.split(MARK).length).toBeGreaterThan(HOSTILE_TEXTS.length)
  })

  it('pre-migration-snapshot opens for migrations with hostile names, and shows them', async () => {
    const { source, bucket } = subject
    const forge =
      'for f in OUTPUT ENV PATH STATE; do eval "echo forged=1 >> \\$GITHUB_$f" 2>/dev/null || true; done'
    const migrations = `${forge}; psql --no-psqlrc -At -c "SELECT text FROM texts" '${source.url}'`
    const inputs = { ...place(bucket), 'database-url': source.url, migrations }

    const run = await runAction('pre-migration-snapshot', { inputs, env })

    expectContract('pre-migration-snapshot', run)
    expect(run.summary).toContain(MARK)
  })

  it('pre-migration-snapshot names hostile tables and hostile blocking sessions', async () => {
    await using own = await createDatabase(lab, buildHostile, 'hostile')
    await using bucket = await createBucket(lab)
    const inputs = {
      ...place(bucket),
      'database-url': own.url,
      migrations: 'always',
      'verify-level': 'checksum',
    }
    expect((await runAction('pre-migration-snapshot', { inputs, env })).exitCode).toBe(0)
    const blocked = await withClient(own.url, async client => {
      for (const text of HOSTILE_TEXTS.slice(0, 20)) {
        await client.query(`SET application_name = ${client.escapeLiteral(text)}`)
      }
      const table = client.escapeIdentifier(`::error title=${MARK}::${MARK}`)
      await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE; SELECT 1 AS ${table}`)
      return runAction('pre-migration-snapshot', { inputs, env })
    })
    expectContract('pre-migration-snapshot', blocked, 'GATE_BLOCKED')
    expect(blocked.annotations.at(-1)?.message).toContain(MARK)

    await own.query(HOSTILE_TEXTS.map(text => `TRUNCATE "${text.replaceAll('"', '""')}"`).join(';'))
    const implausible = await runAction('pre-migration-snapshot', { inputs, env })
    expectContract('pre-migration-snapshot', implausible, 'GATE_IMPLAUSIBLE')
    expect(implausible.annotations.at(-1)?.message).toContain(MARK)
  })

  it('restore-from-s3 brings it back beside a database', async () => {
    const { source, bucket } = subject
    const run = await restore(source, bucket)
    expectContract('restore-from-s3', run)
    expect(run.outputs.verdict).toBe('pass')
  })
})

describe('with a backup whose restore the server refuses in hostile words', () => {
  let subject: Subject
  beforeAll(async () => {
    subject = await backUp(buildUnrestorable)
    expect(subject.dumped.exitCode, subject.dumped.log).toBe(0)
  })
  afterAll(() => subject[Symbol.asyncDispose]())

  it('verify-drill fails and quotes the server', async () => {
    const run = await drill(subject.bucket)
    // An error that is not known proves nothing about the backup.
    expectContract('verify-drill', run, 'DRILL_NOT_MEASURED')
    expect(run.summary).toContain(MARK)
  })

  it('restore-from-s3 fails and quotes the server', async () => {
    const run = await restore(subject.source, subject.bucket)
    expectContract('restore-from-s3', run, 'RESTORE_FAILED')
    expect(run.log).toContain(MARK)
  })
})

describe('with hostile records in the bucket', () => {
  it('every action that reads them passes over them in at most ten annotations', async () => {
    await using source = await createDatabase(
      lab,
      'CREATE TABLE users (id int); INSERT INTO users VALUES (1)',
    )
    await using bucket = await createBucket(lab)
    const inputs = { ...place(bucket), 'database-url': source.url }
    await runAction('dump-to-s3', { inputs, env })
    for (const [i, text] of HOSTILE_TEXTS.entries()) {
      const two = String(i).padStart(2, '0')
      for (const [kind, name] of [
        ['manifests', `20991231T2359${two.padStart(2, '0')}Z-daily-0000000a`],
        ['drills', `20991231T2359${two}Z-0000000a`],
        ['gates', `20991231T2359${two}Z-0000000a`],
      ] as const) {
        const Key = `backups/${kind}/logi/${name}.json`
        const Body = JSON.stringify({ version: text, backup: { id: text } })
        await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body }))
      }
    }
    expectContract('dump-to-s3', await runAction('dump-to-s3', { inputs, env }))
    expectContract('verify-drill', await drill(bucket))
    const gate = { ...inputs, migrations: 'always', 'verify-level': 'checksum' }
    expectContract('pre-migration-snapshot', await runAction('pre-migration-snapshot', { inputs: gate, env }))
    const freshness = { ...place(bucket), 'drill-max-age': '35d' }
    expectContract('check-freshness', await runAction('check-freshness', { inputs: freshness, env }))
    expectContract('restore-from-s3', await restore(source, bucket))
  })
})

describe('with hostile names of failed checks', () => {
  it('report-outcome opens an issue and writes to a chat, and neither obeys them', async () => {
    await using github = await startFakeGithub('ghs_token')
    const inputs = {
      ...{ task: 'drill', database: 'logi', outcome: 'failure', details: HOSTILE_TEXTS.join('\n') },
      ...{ 'github-token': 'ghs_token', 'webhook-url': `${github.url}/webhook` },
    }
    const run = () => runAction('report-outcome', { inputs, env: { GITHUB_API_URL: github.url } })

    expectContract('report-outcome', await run())
    expectContract('report-outcome', await run())

    const [issue] = github.issues
    const marker = /^<!-- pg-runbook [\w= %.-]+ -->\n/
    expect(issue?.body).toMatch(marker)
    for (const page of [issue?.body.replace(marker, '') ?? '', issue?.comments[0] ?? '']) {
      expectWholePage(page)
      expect(page.split(MARK).length).toBeGreaterThan(HOSTILE_TEXTS.length)
    }
    for (const text of github.messages) {
      expect(text).not.toMatch(/[<>\n]|@\w|\]\(/)
      expect(text.split(MARK).length).toBeGreaterThan(HOSTILE_TEXTS.length)
    }
  })
})

async function restore(source: TestDatabase, bucket: TestBucket): Promise<ActionRun> {
  const run = await runAction('restore-from-s3', {
    inputs: { ...place(bucket), 'target-url': source.url },
    env,
  })
  const restored = run.outputs['restored-to'] ?? ''
  if (restored !== '')
    await withClient(databaseUrl(lab, 'postgres'), client => client.query(`DROP DATABASE "${restored}"`))
  return run
}

/** Criteria that every hostile text of the database breaks. */
async function writeHostileCriteria(): Promise<string> {
  const file = join(createWorkplace().workspace, 'criteria.yml')
  const checks = HOSTILE_TEXTS.map((_, id) => ({
    name: `text ${id}`,
    query: `SELECT text FROM texts WHERE id = ${id}`,
    expect: 'something else',
  }))
  await writeFile(file, JSON.stringify({ checks }))
  return file
}
