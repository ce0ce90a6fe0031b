import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { TestBucket } from './bucket.ts'
import type { ActionRun, StartedAction } from './runner.ts'

/**
 * Slow enough to be caught in the middle: a level of compression that takes its time over a few dozen
 * megabytes.
 */
export const SLOW = { compression: 'zstd:19' }
export const MANY_ROWS = `
  CREATE TABLE events (id bigserial PRIMARY KEY, token text, created_at timestamptz);
  INSERT INTO events (token, created_at)
    SELECT md5(i::text) || md5((i * 7)::text), '2026-01-01T00:00:00Z'::timestamptz + i * interval '1 second' FROM generate_series(1, 600000) AS i;`

/** What a failed dump must leave: one error that says what to do, and nothing anywhere. */
export async function expectNothingLeft(run: ActionRun, bucket: TestBucket, code: string): Promise<void> {
  const errors = run.annotations.filter(({ level }) => level === 'error')
  expect(errors.map(({ title }) => title)).toEqual([`dump-to-s3: ${code}`])
  expect(run.exitCode).toBe(1)
  expect(run.outputs).toEqual({})
  expect(run.log).not.toContain('    at ')
  expect(run.leftProcesses).toEqual([])
  expect(run.leftFiles).toEqual([])
  await expectEmpty(bucket)
}

export async function expectEmpty(bucket: TestBucket): Promise<void> {
  expect(await bucket.list()).toEqual([])
  expect(await bucket.listMultipartUploads()).toEqual([])
}

/** The process id of the pg_dump that this action runs. */
export async function pgDumpOf(action: StartedAction): Promise<number> {
  for (let i = 0; i < 200; i += 1) {
    const found = action
      .processes()
      .find(({ program, args }) => program === 'pg_dump' && args.some(arg => arg.startsWith('--snapshot')))
    if (found !== undefined) return found.pid
    await sleep(50)
  }
  throw new Error('pg_dump did not start')
}

export async function untilUploading(bucket: TestBucket): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if ((await bucket.listMultipartUploads()).length > 0) return
    await sleep(50)
  }
  throw new Error('No upload was begun')
}
