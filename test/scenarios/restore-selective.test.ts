import { describe, expect, it } from 'vitest'
import { parseRestoreRecord } from '../../src/core/restore/restore-record.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { runInShell, shellBlockOf } from '../support/printed-commands.ts'
import { annotationsOf, dumpLogi } from '../support/restore-run.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const SCHEMA = `
  CREATE TYPE mood AS ENUM ('glad', 'sad');
  CREATE SCHEMA audit;
  CREATE TABLE users (id serial PRIMARY KEY, mood mood, created_at timestamptz NOT NULL DEFAULT '2026-01-01');
  INSERT INTO users (mood) SELECT 'glad' FROM generate_series(1, 100);
  CREATE TABLE "odd name.with dot" (id int PRIMARY KEY, user_id int REFERENCES users);
  INSERT INTO "odd name.with dot" SELECT i, i FROM generate_series(1, 20) AS i;
  COMMENT ON CONSTRAINT "odd name.with dot_user_id_fkey" ON "odd name.with dot" IS 'a reference';
  CREATE TABLE audit.events (id int PRIMARY KEY);
  INSERT INTO audit.events SELECT i FROM generate_series(1, 30) AS i;`

describe('restore-from-s3 of a part', () => {
  const lab = theLab()

  const dump = (target: HostedDatabase, bucket: TestBucket, inputs: Record<string, string> = {}) =>
    dumpLogi(lab, target, bucket, inputs)

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
    ['tables', 'users', { users: 100, odd: 0, events: 0 }],
    ['tables', '"odd name.with dot"\naudit.*', { users: 0, odd: 20, events: 30 }],
    ['schemas', 'audit', { users: 0, odd: 0, events: 30 }],
    ['content', 'schema', { users: 0, odd: 0, events: 0 }],
  ])('with %s: %s', async (input, value, expected) => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    const run = await restore(hosted, bucket, { [input]: value })

    expect(run.exitCode, run.log).toBe(0)
    expect(annotationsOf(run)).toEqual([])
    expect(await counts(hosted.urlOf(run.outputs['restored-to'] ?? ''))).toEqual(expected)
    expect(await counts(hosted.url)).toEqual({ users: 100, odd: 20, events: 30 })
    // A part must not look like the whole, and users hear of no change that they do not see.
    expect(run.summary).toContain('Restored in part')
    expect(run.summary).not.toContain('Cut over')
    expect(run.summary).not.toContain(`DROP DATABASE "${hosted.name}"`)
    expect(run.summary).not.toContain('Notice to users')
    expect(run.outputs.notice).toBe('')
    const [key = ''] = await bucket.list('backups/restores/logi/')
    const { backup, options, target } = parseRestoreRecord((await bucket.read(key)).toString(), key)
    expect(backup.kind).toBe('manual')
    expect(options.selection).toBe(input === 'content' ? 'structure' : 'tables')
    expect(target.replacedAt).toBeNull()
  })

  it('does not take a partial backup for a whole database either', async () => {
    await using hosted = await createHosted(
      lab,
      `CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY, body json, size int GENERATED ALWAYS AS (json_array_length(body)) STORED);
       INSERT INTO notes (body) SELECT '[1]' FROM generate_series(1, 3); CREATE TABLE others ()`,
    )
    await using bucket = await createBucket(lab)
    const backup = await dump(hosted, bucket, { tables: 'notes' })
    await withClient(hosted.url, client => client.query('DELETE FROM notes'))

    const run = await restore(hosted, bucket, { backup })

    expect(run.exitCode, run.log).toBe(0)
    expect(run.summary).toContain('only a part')
    expect(run.summary).not.toContain('Cut over')
    expect(run.outputs.notice).toBe('')
    runInShell(lab, hosted, shellBlockOf(run).replaceAll('ROLLBACK;', 'COMMIT;'))
    const { rowCount } = await withClient(hosted.url, client => client.query('SELECT FROM notes'))
    expect(rowCount).toBe(3)
  })

  const REFERENCES = [
    'FK CONSTRAINT public notes by',
    'FK CONSTRAINT public odd name.with dot odd name.with dot_user_id_fkey',
  ]

  it.each([
    {
      of: 'the schema that every database has',
      inputs: { schemas: 'public' },
      lacks: ['TRIGGER public notes guard'],
    },
    { of: 'another schema', inputs: { schemas: 'audit' }, lacks: [] },
    {
      of: 'both',
      inputs: { schemas: 'public\naudit' },
      lacks: ['TRIGGER public notes guard'],
    },
    { of: 'a table in a schema that it does not bring', inputs: { tables: 'audit.events' }, lacks: [] },
    {
      of: 'a table with a type of an extension that it does not bring',
      inputs: { tables: 'tags' },
      lacks: [],
    },
    {
      of: 'a table that refers to another, and has a trigger',
      inputs: { tables: 'notes' },
      lacks: ['FK CONSTRAINT public notes by', 'TRIGGER public notes guard'],
    },
    {
      of: 'all but a table that another refers to',
      inputs: { 'exclude-tables': 'users' },
      lacks: REFERENCES,
    },
  ])('takes a partial backup of $of', async ({ inputs, lacks }) => {
    await using hosted = await createHosted(
      lab,
      `${SCHEMA} CREATE SCHEMA tools; CREATE EXTENSION citext SCHEMA tools; CREATE TABLE tags (name tools.citext);
       CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
       CREATE TABLE notes (user_id int CONSTRAINT by REFERENCES users); CREATE TRIGGER guard BEFORE INSERT ON notes EXECUTE FUNCTION guard();
       COMMENT ON CONSTRAINT by ON notes IS 'x'; COMMENT ON TRIGGER guard ON notes IS 'x'`,
    )
    await using bucket = await createBucket(lab)
    const backup = await dump(hosted, bucket, inputs)
    const run = await restore(hosted, bucket, { backup })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.annotations.filter(({ level }) => level === 'error')).toEqual([])
    const [key = ''] = await bucket.list('backups/restores/logi/')
    const { options } = parseRestoreRecord((await bucket.read(key)).toString(), key)
    const leftOut = options.leftOut
      .map(title => title.replace(/ \S+$/, ''))
      .filter(title => !/^COMMENT/.test(title))
    expect(leftOut.toSorted()).toEqual(lacks)

    const drill = await runAction('verify-drill', {
      inputs: {
        'scratch-url': hosted.url,
        destination: `s3://${bucket.name}/backups`,
        database: 'logi',
        backup,
      },
      env: labEnvironment(lab),
    })
    expect(drill.log).not.toContain('RESTORE_FAILED')
    expect(drill.outputs.verdict, drill.log).not.toBe('fail')
  })

  it('refuses a pattern that matches nothing', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    const run = await restore(hosted, bucket, { tables: 'users\nuser' })

    expect(run.annotations.at(-1)?.title).toBe('restore-from-s3: INVALID_INPUT')
    expect(run.annotations.at(-1)?.message).toContain('no table that matches user')
  })
})
