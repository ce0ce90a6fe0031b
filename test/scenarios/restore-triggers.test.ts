import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { runAction } from '../support/runner.ts'

const lab = theLab()

/**
 * Triggers in every state, of rows, of statements, of a constraint, on a table, on partitions and on their
 * parent.
 */
const TRIGGERS = `
  CREATE TABLE outbox (what text);
  CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO public.outbox VALUES (TG_NAME || TG_OP); RETURN NEW; END';
  CREATE TABLE posts (id int PRIMARY KEY);
  INSERT INTO posts SELECT generate_series(1, 5);
  CREATE TABLE comments (id int PRIMARY KEY, post_id int REFERENCES posts DEFERRABLE INITIALLY DEFERRED);
  INSERT INTO comments SELECT i, i FROM generate_series(1, 5) AS i;
  SET CONSTRAINTS ALL IMMEDIATE;
  CREATE TRIGGER origin AFTER INSERT ON comments FOR EACH ROW EXECUTE FUNCTION tell();
  CREATE TRIGGER always AFTER INSERT ON comments FOR EACH ROW EXECUTE FUNCTION tell();
  CREATE TRIGGER replica AFTER INSERT ON comments FOR EACH ROW EXECUTE FUNCTION tell();
  CREATE TRIGGER disabled AFTER INSERT ON comments FOR EACH ROW EXECUTE FUNCTION tell();
  CREATE TRIGGER emptied AFTER TRUNCATE ON comments FOR EACH STATEMENT EXECUTE FUNCTION tell();
  CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON comments DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION tell();
  ALTER TABLE comments ENABLE ALWAYS TRIGGER always;
  ALTER TABLE comments ENABLE REPLICA TRIGGER replica;
  ALTER TABLE comments DISABLE TRIGGER disabled;
  CREATE TABLE events (id int) PARTITION BY RANGE (id);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
  CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20);
  INSERT INTO events SELECT generate_series(1, 15);
  CREATE TRIGGER seen AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION tell();
  ALTER TABLE ONLY events_1 ENABLE ALWAYS TRIGGER seen;
  CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM comments;
  TRUNCATE outbox;`

const STATES = `SELECT string_agg(tgrelid::regclass || '.' || tgname || tgenabled::text, ' ' ORDER BY tgrelid::regclass::text, tgname) AS states
  FROM pg_trigger WHERE NOT tgisinternal`

async function look({ url }: HostedDatabase) {
  return await withClient(url, async client => {
    const { rows } = await client.query<{ states: string; outbox: number; comments: number; events: number }>(
      `SELECT (${STATES}) AS states, (SELECT count(*)::int FROM outbox) AS outbox,
              (SELECT count(*)::int FROM comments) AS comments, (SELECT count(*)::int FROM events) AS events`,
    )
    return rows[0]
  })
}

describe('triggers of tables whose rows are replaced', () => {
  const inputs = { mode: 'overwrite', content: 'data', tables: 'comments\nevents_*' }

  it('stop the restore with their names until the operator decides', async () => {
    await using hosted = await createHosted(lab, TRIGGERS)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const before = await look(hosted)

    const run = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, inputs))

    expect(run.exitCode).toBe(1)
    expect(run.annotations.at(-1)?.title).toBe('restore-from-s3: TARGET_UNFIT')
    const message = run.annotations.at(-1)?.message ?? ''
    for (const name of ['origin', 'always', 'emptied', 'checked', 'events_1: seen', 'events_2: seen'])
      expect(message).toContain(name)
    expect(message).not.toMatch(/disabled|replica/)
    expect(message).toContain('triggers: off')
    expect(await look(hosted)).toEqual(before)
  })

  it('do not fire when off, and get every state back exactly', async () => {
    await using hosted = await createHosted(lab, TRIGGERS)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const before = await look(hosted)
    await withClient(hosted.url, client =>
      client.query('DELETE FROM comments WHERE id > 2; DELETE FROM events'),
    )

    const run = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, { ...inputs, triggers: 'off' }),
    )

    expect(run.exitCode, run.log).toBe(0)
    expect(await look(hosted)).toEqual(before)
    expect(run.summary).toContain('comments: emptied')
    expect(run.summary).toContain('REFRESH MATERIALIZED VIEW')
  })

  it('fire when the operator says so', async () => {
    await using hosted = await createHosted(lab, TRIGGERS)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)

    const run = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, { ...inputs, tables: 'comments', triggers: 'fire' }),
    )

    expect(run.exitCode, run.log).toBe(0)
    // origin, always and checked for each of five rows, emptied once.
    expect(await look(hosted)).toMatchObject({ outbox: 16, comments: 5 })
  })

  it('are put back by a rollback too', async () => {
    await using hosted = await createHosted(lab, TRIGGERS)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await withClient(hosted.url, client =>
      client.query('DELETE FROM comments; ALTER TABLE comments ADD CHECK (id < 3)'),
    )
    const before = await look(hosted)

    const run = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, { ...inputs, tables: 'comments', triggers: 'off' }),
    )

    expect(run.exitCode).toBe(1)
    expect(await look(hosted)).toEqual(before)
  })
})

it('refuses one partition of a tree whose hash key holds an enum', async () => {
  await using hosted = await createHosted(
    lab,
    `CREATE TYPE mood AS ENUM ('glad', 'sad', 'calm');
     CREATE TABLE moods (mood mood) PARTITION BY HASH ((coalesce(mood, 'calm')));
     CREATE TABLE moods_0 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 0);
     CREATE TABLE moods_1 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 1);
     INSERT INTO moods SELECT unnest(enum_range(NULL::mood)) FROM generate_series(1, 10)`,
  )
  await using bucket = await createBucket(lab)
  await dumpLogi(lab, hosted, bucket)
  const rows = (tables: string) =>
    restoreOptions(lab, hosted, bucket, { mode: 'overwrite', content: 'data', tables })

  const one = await runAction('restore-from-s3', rows('moods_0'))
  expect(one.annotations.at(-1)?.title).toBe('restore-from-s3: TARGET_UNFIT')
  expect(one.annotations.at(-1)?.message).toContain('moods_0')

  const all = await runAction('restore-from-s3', rows('moods_*'))
  expect(all.exitCode, all.log).toBe(0)
})
