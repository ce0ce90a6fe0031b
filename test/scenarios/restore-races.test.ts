import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

/** Restores in each mode. Races take more: `RACES=50 npx vitest run test/scenarios/restore-races.test.ts` */
const RUNS = Number(process.env.RACES ?? 1)

const parts = (name: string) =>
  `CREATE TABLE ${name} (k int, a int) PARTITION BY RANGE (k);
   ${Array.from({ length: 8 }, (_, i) => `CREATE TABLE ${name}_${i} PARTITION OF ${name} FOR VALUES FROM (${i * 10}) TO (${i * 10 + 10});`).join('\n')}
   INSERT INTO ${name} SELECT g, CASE WHEN g % 2 = 0 THEN g END FROM generate_series(0, 79) AS g;`

/**
 * What belongs to a parent and must not be made before the rows of its children: nothing in an archive that
 * came through a pipe says so.
 */
const RACING = `
  ${parts('not_null')} ALTER TABLE not_null ADD CONSTRAINT nn NOT NULL a NOT VALID;
  CREATE TABLE checked (a int);
  ${[0, 1, 2, 3, 4, 5].map(i => `CREATE TABLE checked_${i} () INHERITS (checked); INSERT INTO checked_${i} VALUES (-1), (1);`).join('\n')}
  ALTER TABLE checked ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
  CREATE TABLE referred (k int PRIMARY KEY);
  ${parts('referring')} ALTER TABLE referring ADD FOREIGN KEY (a) REFERENCES referred NOT VALID;
  CREATE TABLE outbox (k int);
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.outbox VALUES (new.k); RETURN NULL; END';
  ${parts('noted')} CREATE TRIGGER note AFTER INSERT ON noted FOR EACH ROW EXECUTE FUNCTION note();
  CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.a := 0; RETURN new; END';
  ${parts('stamped')} CREATE TRIGGER stamp BEFORE INSERT ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();`

async function readSums(url: string): Promise<string> {
  const sums = ['not_null', 'checked', 'referring', 'noted', 'stamped']
    .map(name => `(SELECT count(*) || ' ' || sum(a) FROM ${name})`)
    .join(` || ', ' || `)
  return await withClient(url, async client => {
    const { rows } = await client.query(`SELECT ${sums} || ', ' || (SELECT count(*) FROM outbox) AS sums`)
    return String(rows[0]?.sums)
  })
}

const MODES: Readonly<Record<string, Record<string, string>>> = {
  'new-database': { mode: 'new-database' },
  overwrite: { mode: 'overwrite', 'skip-safety-backup': 'the same data again' },
  'overwrite side by side': {
    mode: 'overwrite',
    'all-or-nothing': 'false',
    'skip-safety-backup': 'the same data again',
  },
  swap: { mode: 'swap' },
}

describe('what belongs to parents never comes before the rows of children', () => {
  const lab = theLab()

  it('in a drill and in each mode of a restore, with jobs side by side', {
    timeout: RUNS * 60_000,
  }, async () => {
    await using hosted = await createHosted(lab, RACING)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket, { fingerprint: 'counts' })
    const good = await readSums(hosted.url)
    const wrong: string[] = []

    const count = (mode: string) => wrong.filter(text => text.startsWith(`${mode}: `)).length

    for (let i = 1; i <= RUNS; i += 1) {
      const drill = await drillOnce(bucket)
      if (drill.outputs.verdict !== 'pass') wrong.push(`drill: ${drill.log}`)
      for (const [mode, inputs] of Object.entries(MODES)) {
        const { run, sums } = await restoreOnce(hosted, bucket, inputs)
        if (run.outputs.verdict !== 'pass' || sums !== good) wrong.push(`${mode}: ${sums}: ${run.log}`)
      }
      const counts = ['drill', ...Object.keys(MODES)].map(mode => `${mode} ${count(mode)}/${i}`)
      if (RUNS > 1) console.log(`wrong: ${counts.join(', ')}`)
    }
    expect(wrong).toEqual([])
  })

  async function drillOnce(bucket: TestBucket): Promise<ActionRun> {
    return await runAction('verify-drill', {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', jobs: '4' },
      env: labEnvironment(lab),
    })
  }

  async function restoreOnce(hosted: HostedDatabase, bucket: TestBucket, inputs: Record<string, string>) {
    const run = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, { jobs: '4', ...inputs }),
    )
    const restored = run.outputs['restored-to'] ?? ''
    const sums = restored === '' ? 'not restored' : await readSums(hosted.urlOf(restored))
    const extra = run.outputs['previous-database'] || (restored === hosted.name ? '' : restored)
    if (extra !== '') await withClient(hosted.url, client => client.query(`DROP DATABASE "${extra}"`))
    return { run, sums }
  }
})
