import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { expectClosed, runGate, startGate, USERS } from '../support/gate.ts'
import { theLab } from '../support/lab.ts'

let source: TestDatabase
let bucket: TestBucket

beforeAll(async () => {
  source = await createDatabase(theLab(), USERS)
  bucket = await createBucket(theLab())
})
afterAll(async () => {
  await bucket[Symbol.asyncDispose]()
  await source.drop()
})

describe('the command that tells what is pending', () => {
  test.each(['true', 'false', 'yes', 'no', 'on', 'off', 'none', 'never', 'True'])(
    'is not %s, which prints nothing',
    async migrations => {
      const run = await runGate(source, bucket, { inputs: { migrations } })

      expectClosed(run, 'INVALID_INPUT')
      expect(run.outputs['migrations-pending']).toBe('true')
      expect(run.annotations.at(-1)?.message).toContain('auto, always, or a shell command')
    },
  )

  it.each([
    ['fails', 'echo cannot connect >&2; exit 3', 'exit code 3'],
    ['is not there in a pipeline', 'no-such-tool | sed s/a/b/', 'exit code 127'],
    ['fails half way', 'ls /nowhere; true', 'exit code 2'],
    ['goes on in the background', '{ sleep 30; echo 1_a; } & true', 'still held its output'],
  ])('tells nothing when it %s, and that counts as pending', async (_, migrations, why) => {
    const run = await runGate(source, bucket, { inputs: { migrations, 'verify-level': 'checksum' } })

    expect(run.log).toContain(why)
    expect(run.outputs).toMatchObject({ 'migrations-pending': 'true', 'verified-level': 'checksum' })
    expect(run.leftProcesses).toEqual([])
  })

  it('leaves no password in the record, in any spelling', async () => {
    const migrations = 'echo "001_init.sql on $DATABASE_URL"'
    const run = await runGate(source, bucket, { inputs: { migrations, 'verify-level': 'checksum' } })
    const key = new URL(run.outputs['gate-uri'] ?? '').pathname.slice(1)
    const record = (await bucket.read(key)).toString()

    expect(record).toContain('001_init.sql on ***')
    expect(record).not.toContain(decodeURIComponent(new URL(source.url).password))
    expect(record).not.toContain(new URL(source.url).password)
  })

  it('runs in the project with DATABASE_URL, and without our inputs', async () => {
    const root = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
    await mkdir(join(root, 'backend'))
    await writeFile(
      join(root, 'backend/list'),
      'psql "$DATABASE_URL" -Atc "SELECT count(*) FROM users"; env >&2',
    )

    const run = await runGate(source, bucket, {
      inputs: { migrations: 'bash ./list', project: join(root, 'backend'), 'verify-level': 'checksum' },
    })
    await rm(root, { recursive: true })

    expect(run.log).toContain('pending: 1000')
    expect(run.log).not.toMatch(/^(INPUT_.*|GITHUB_OUTPUT)=/m)
  })

  it('closes the gate where its folder is not there', async () => {
    const run = await runGate(source, bucket, { inputs: { project: 'nowhere' } })

    expectClosed(run, 'INVALID_INPUT')
    expect(run.annotations.at(-1)?.message).toContain('nowhere is not there')
  })

  it('ends at the deadline with all that it started', async () => {
    const run = await runGate(source, bucket, {
      inputs: { migrations: `sleep 7${process.pid} | cat`, timeout: '1s' },
    })

    expectClosed(run, 'TIMED_OUT')
    expect(run.annotations.at(-1)?.message).toContain('within its timeout of 1.0 s')
    expect(run.durationMs).toBeLessThan(5000)
    expect(run.leftProcesses).toEqual([])
  })

  it('ends when the job is cancelled, and its outputs stand when the step is killed', async () => {
    const migrations = 'echo asking >&2; trap "" TERM; sleep 300 | cat'
    const cancelled = startGate(source, bucket, { inputs: { migrations } })
    await cancelled.waitForLog(/^asking/m)
    const run = await cancelled.cancel()
    expectClosed(run, 'CANCELLED')
    expect(run.leftProcesses).toEqual([])

    const killed = startGate(source, bucket, { inputs: { migrations } })
    await killed.waitForLog(/^asking/m)
    await sleep(100)
    killed.signal('SIGKILL')
    expect((await killed.finished).outputs).toMatchObject({
      'verified-level': 'none',
      'migrations-pending': 'true',
      'backup-id': '',
    })
  })
})
