import { describe, expect, it } from 'vitest'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const SCHEMA = `
  CREATE TYPE mood AS ENUM ('glad', 'sad');
  CREATE SCHEMA audit;
  CREATE TABLE users (id serial PRIMARY KEY, mood mood, created_at timestamptz NOT NULL DEFAULT '2026-01-01');
  INSERT INTO users (mood) SELECT 'glad' FROM generate_series(1, 100);
  CREATE TABLE "odd name.with dot" (id int PRIMARY KEY, user_id int REFERENCES users);
  INSERT INTO "odd name.with dot" SELECT i, i FROM generate_series(1, 20) AS i;
  CREATE TABLE audit.events (id int PRIMARY KEY);
  INSERT INTO audit.events SELECT i FROM generate_series(1, 30) AS i;`

describe('restore-from-s3 of a part', () => {
  const lab = theLab()

  async function dump(target: HostedDatabase, bucket: TestBucket): Promise<void> {
    const dumped = await runAction(
      'dump-to-s3',
      dumpOptions(lab, target, bucket, { inputs: { database: 'logi', fingerprint: 'content' } }),
    )
    expect(dumped.exitCode, dumped.log).toBe(0)
  }

  async function restore(
    target: HostedDatabase,
    bucket: TestBucket,
    inputs: Record<string, string>,
  ): Promise<ActionRun> {
    return await runAction('restore-from-s3', {
      inputs: {
        'target-url': target.url,
        destination: `s3://${bucket.name}/backups`,
        database: 'logi',
        ...inputs,
      },
      env: labEnvironment(lab),
    })
  }

  async function counts(url: string) {
    return await withClient(url, async client => {
      const { rows } = await client.query(
        'SELECT (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM "odd name.with dot") AS odd, (SELECT count(*)::int FROM audit.events) AS events',
      )
      return rows[0]
    })
  }

  it.each([
    ['only-tables', 'users', { users: 100, odd: 0, events: 0 }],
    ['only-tables', '"odd name.with dot"\naudit.*', { users: 0, odd: 20, events: 30 }],
    ['only-schemas', 'audit', { users: 0, odd: 0, events: 30 }],
    ['only', 'schema', { users: 0, odd: 0, events: 0 }],
  ])('with %s: %s', async (input, value, expected) => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    const run = await restore(hosted, bucket, { [input]: value })

    expect(run.exitCode, run.log).toBe(0)
    expect(run.annotations).toEqual([])
    expect(await counts(hosted.urlOf(run.outputs['restored-to'] ?? ''))).toEqual(expected)
    expect(await counts(hosted.url)).toEqual({ users: 100, odd: 20, events: 30 })
  })

  it('refuses a pattern that matches nothing', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    const run = await restore(hosted, bucket, { 'only-tables': 'users\nuser' })

    expect(run.annotations.at(-1)?.title).toBe('restore-from-s3: INVALID_INPUT')
    expect(run.annotations.at(-1)?.message).toContain('no table that matches user')
  })
})
