import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { type ActionRun, runAction, startAction } from '../support/runner.ts'

const TABLES = `
  CREATE TABLE amounts (id int PRIMARY KEY, amount int NOT NULL);
  INSERT INTO amounts SELECT i, i FROM generate_series(1, 80) AS i;
  CREATE TABLE others (id int PRIMARY KEY);
  INSERT INTO others SELECT generate_series(1, 10);`

/** The last thing that a restore does with rows changes others: as many rows, other values. */
const STAMPING_VIEW = `${TABLES}
  CREATE FUNCTION stamp() RETURNS int LANGUAGE plpgsql AS 'BEGIN UPDATE public.amounts SET amount = 0; RETURN 1; END';
  CREATE MATERIALIZED VIEW stamped AS SELECT public.stamp() AS one WITH NO DATA;
  REFRESH MATERIALIZED VIEW stamped;
  UPDATE amounts SET amount = id`

/** Counts alone tie the archive to the source: they do not see the change. */
const COUNTS = { fingerprint: 'counts' }

const SAME = '90 rows in 2 tables as in the archive'

describe('the contents that restore-from-s3 compares', () => {
  const lab = theLab()

  async function dumpAndRestore(
    hosted: HostedDatabase,
    inputs: Record<string, string>,
    between = '',
  ): Promise<ActionRun> {
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket, COUNTS)
    await withClient(hosted.url, client => client.query(between))
    return await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, inputs))
  }

  it.each([
    ['new-database', {}],
    ['swap', {}],
    ['overwrite', {}],
    ['overwrite', { 'all-or-nothing': 'false' }],
  ])('name in mode %s %o a table whose values changed on the way', async (mode, more) => {
    await using hosted = await createHosted(lab, STAMPING_VIEW)

    const run = await dumpAndRestore(hosted, { mode, ...more })

    expect(run.outputs, run.log).toMatchObject({ outcome: 'unverified', verdict: 'fail' })
    expect(run.annotations.at(-1)).toMatchObject({ title: 'restore-from-s3: RESTORE_UNVERIFIED' })
    expect(run.annotations.at(-1)?.message).toContain('contents of amounts: expected 80 rows, content')
    expect(run.summary).toContain('Restored, with differences')
    expect(run.summary).toContain('As many rows as in the archive, but not with the same values.')
    expect(run.summary).not.toContain('contents of others')
  })

  it('name rows that were replaced and changed, unless the operator wanted triggers to', async () => {
    await using hosted = await createHosted(
      lab,
      `${TABLES} CREATE FUNCTION is_good(int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
       ALTER TABLE others ADD CHECK (public.is_good(id))`,
    )
    const rows = { mode: 'overwrite', content: 'data', tables: '*' }

    const changed = await dumpAndRestore(
      hosted,
      rows,
      `CREATE OR REPLACE FUNCTION is_good(int) RETURNS bool LANGUAGE plpgsql AS
         'BEGIN UPDATE public.amounts SET amount = 0 WHERE id = $1; RETURN true; END'`,
    )
    const wanted = await dumpAndRestore(
      hosted,
      { ...rows, tables: 'amounts', triggers: 'fire' },
      `CREATE FUNCTION zero() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.amount := 0; RETURN NEW; END';
       CREATE TRIGGER stamp BEFORE INSERT ON amounts FOR EACH ROW EXECUTE FUNCTION zero()`,
    )

    expect(changed.outputs, changed.log).toMatchObject({ outcome: 'unverified', verdict: 'fail' })
    expect(changed.annotations.at(-1)?.message).toContain('contents of amounts')
    expect(wanted.outputs, wanted.log).toMatchObject({ outcome: 'restored', verdict: 'pass' })
    expect(wanted.summary).toContain('Triggers have seen these rows come, as you chose')
  })

  it('are not held against a restore where others write after its commit', async () => {
    await using hosted = await createHosted(lab, TABLES)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket, COUNTS)
    const action = startAction('restore-from-s3', restoreOptions(lab, hosted, bucket, { mode: 'overwrite' }))
    await action.waitForLog(/Reading goes on; writes wait/)
    await withClient(hosted.url, client => client.query('UPDATE amounts SET amount = -7 WHERE id = 7'))
    const run = await action.finished

    expect(run.outputs, run.log).toMatchObject({ outcome: 'restored', verdict: 'pass' })
    expect(run.summary).toContain('Other sessions have written to it since the restore.')
  })

  it('are said to be the same where they are', async () => {
    await using hosted = await createHosted(lab, TABLES)
    for (const inputs of [
      { mode: 'new-database' },
      { mode: 'new-database', tables: '*' },
      { mode: 'overwrite' },
      { mode: 'swap' },
      { mode: 'overwrite', content: 'data', tables: '*' },
    ]) {
      const run = await dumpAndRestore(hosted, inputs)

      expect(run.outputs, run.log).toMatchObject({ outcome: 'restored', verdict: 'pass' })
      expect(run.summary).toContain(SAME)
    }
  })
})
