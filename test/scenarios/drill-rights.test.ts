import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { runAction } from '../support/runner.ts'

/**
 * Raises where code of the database runs as superuser: at COPY, at CREATE TABLE, at CREATE INDEX, at REFRESH.
 */
const TRAPS = `
  CREATE FUNCTION trap(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    IF current_database() LIKE 'pg\\_runbook\\_drill%' AND (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
    THEN RAISE EXCEPTION 'code of the database runs as superuser'; END IF;
    RETURN i;
  END $$;
  CREATE TABLE checked (i int CHECK (public.trap(i) > 0)); INSERT INTO checked VALUES (1);
  CREATE TABLE generated (i int, j int GENERATED ALWAYS AS (public.trap(1)) STORED); INSERT INTO generated VALUES (1);
  CREATE DOMAIN d AS int CHECK (public.trap(VALUE) > 0);
  CREATE TABLE parted (k d) PARTITION BY LIST (k); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
  CREATE FUNCTION step(d, int) RETURNS d LANGUAGE sql IMMUTABLE AS 'SELECT $1';
  CREATE AGGREGATE total (int) (sfunc = step, stype = d, initcond = '1');
  CREATE INDEX ON checked (public.trap(i)) WHERE public.trap(1) = 1;
  CREATE MATERIALIZED VIEW seen AS SELECT public.trap(i) FROM checked;
  CREATE FUNCTION definer() RETURNS text LANGUAGE sql LEAKPROOF SECURITY DEFINER AS 'SELECT current_user::text'`

/** In parallel, pg_restore makes the trigger of a partitioned table before the rows of its partitions. */
const STAMPED = `
  CREATE TABLE p (k int, a int) PARTITION BY RANGE (k);
  ${Array.from({ length: 8 }, (_, i) => `CREATE TABLE p_${i} PARTITION OF p FOR VALUES FROM (${i * 10}) TO (${i * 10 + 10});`).join('\n')}
  INSERT INTO p SELECT g, g FROM generate_series(0, 79) AS g;
  CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.a := 0; RETURN new; END';
  CREATE TRIGGER stamp BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION stamp()`

describe('the passes of a drill', () => {
  const lab = theLab()

  async function drillOf(sql: string, inputs: Readonly<Record<string, string>> = {}) {
    await using source = await createDatabase(lab, sql)
    await using bucket = await createBucket(lab)
    const dumped = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs: { database: 'logi' } }),
    )
    expect(dumped.exitCode, dumped.log).toBe(0)
    const run = await runAction('verify-drill', {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', ...inputs },
      env: labEnvironment(lab),
    })
    const [record = ''] = await bucket.list('backups/drills/')
    return { run, record: JSON.parse((await bucket.read(record)).toString()) }
  }

  it('run no code of the database as superuser, nor give the smoke command one', async () => {
    const { run } = await drillOf(TRAPS, {
      'smoke-command': `test "$(psql -XAtc "SELECT rolsuper::text || definer() FROM pg_roles WHERE rolname = current_user" "$DATABASE_URL")" = "false$(psql -XAtc "SELECT current_user" "$DATABASE_URL")"`,
    })

    expect(run.outputs.verdict, run.log).toBe('pass')
  })

  it('bring rows back before the triggers of their parents, and compare every value', async () => {
    const { run, record } = await drillOf(STAMPED, { jobs: '4' })

    expect(run.outputs.verdict, run.log).toBe('pass')
    expect(run.summary).toContain('80 rows in 1 table as in the archive')
    expect(record.drill.coveredModes).toEqual([
      'new-database',
      'swap',
      'overwrite with all-or-nothing: false',
    ])
  })

  it('a backup that cannot be restored as it is fails with the remedy, and is not lost', async () => {
    const { run } = await drillOf(`
      CREATE FUNCTION helper(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
      CREATE FUNCTION ok(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN helper($1); END';
      CREATE TABLE a (x int CHECK (ok(x))); INSERT INTO a VALUES (1)`)

    expect(run.outputs).toMatchObject({ verdict: 'fail', 'failed-checks': 'restore' })
    expect(run.summary).toContain('SET search_path')
    expect(run.summary).not.toContain('for lost')
  })

  it('prove nothing by an error that is not known', async () => {
    const { run } = await drillOf(`
      CREATE FUNCTION moody(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
        IF current_database() LIKE 'pg\\_runbook\\_drill%' THEN RAISE EXCEPTION 'not today'; END IF; RETURN true; END $$;
      CREATE TABLE a (x int CHECK (moody(x))); INSERT INTO a VALUES (1)`)

    expect(run.outputs.verdict, run.log).toBe('not-measured')
    expect(run.annotations.at(-1)?.message).toContain('not today')
  })
})
