import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { labEnvironment } from '../support/dump.ts'
import { createHosted } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { runAction } from '../support/runner.ts'

/** Enough for a restore to make them side by side, with what may tie tables to each other and to the rest. */
const MANY_TABLES = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE FUNCTION code() RETURNS text LANGUAGE sql AS $f$ SELECT 'x' $f$;
  CREATE TABLE parent (id int PRIMARY KEY, m mood DEFAULT 'ok');
  CREATE TABLE parts (id int, m mood) PARTITION BY LIST (m);
  CREATE TABLE parts_ok PARTITION OF parts FOR VALUES IN ('ok');
  CREATE TABLE parts_sad PARTITION OF parts FOR VALUES IN ('sad');
  INSERT INTO parts SELECT i, (ARRAY['sad', 'ok']::mood[])[1 + i % 2] FROM generate_series(1, 20) AS i;
  DO $$ BEGIN FOR i IN 1..250 LOOP EXECUTE format(
    'CREATE TABLE t%1$s (id serial PRIMARY KEY, code text DEFAULT code(), parent int REFERENCES parent);
     COMMENT ON COLUMN t%1$s.code IS ''code %1$s'';
     INSERT INTO t%1$s SELECT FROM generate_series(1, 2)', i); END LOOP; END $$;
  CREATE TABLE child () INHERITS (parent);
  INSERT INTO child VALUES (1);
  CREATE VIEW seen AS SELECT id FROM t1;
  CREATE FUNCTION rows_of_t1() RETURNS SETOF t1 LANGUAGE sql AS 'SELECT * FROM public.t1';
  CREATE TABLE kept (id int, row t1);
  CREATE TABLE called (id bigint DEFAULT (public.code() IS NOT NULL)::int)`

describe('a backup of many small tables', () => {
  const lab = theLab()

  it('is restored and drilled with its tables made side by side', async () => {
    await using hosted = await createHosted(lab, MANY_TABLES)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket, { fingerprint: 'content' })

    const restored = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, { mode: 'new-database', jobs: '2' }),
    )

    expect(restored.outputs, restored.log).toMatchObject({ outcome: 'restored', verdict: 'pass' })
    expect(restored.log).toMatch(/^Structure: 1,\d{3} entries\.$/m)

    const drilled = await runAction('verify-drill', {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', jobs: '3' },
      env: labEnvironment(lab),
    })

    expect(drilled.outputs, drilled.log).toMatchObject({ verdict: 'pass' })
    expect(drilled.log).toMatch(/^Structure: 1,\d{3} entries\.$/m)
  })
})
