import { expect } from 'vitest'
import type { Lab } from '../../lab/lab.ts'
import type { TestBucket } from './bucket.ts'
import { withClient } from './database.ts'
import type { HostedDatabase } from './hosted.ts'
import { databaseDigest } from './restore.ts'
import { dumpLogi, restoreOptions } from './restore-run.ts'
import { type ActionRun, runAction } from './runner.ts'

/** Two tables of which one refers to the other. */
export const TWO_TABLES = `
  CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, created_at timestamptz NOT NULL);
  INSERT INTO users (email, created_at) SELECT 'user' || i, now() FROM generate_series(1, 100) AS i;
  CREATE TABLE links (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users);
  INSERT INTO links (user_id) SELECT i FROM generate_series(1, 50) AS i;`

/** Runs the restore and expects one error of that code, and that nothing at all has changed. */
async function expectRefusal(
  lab: Lab,
  target: HostedDatabase,
  bucket: TestBucket,
  code: string,
  inputs: Record<string, string>,
  env: Record<string, string> = {},
): Promise<ActionRun> {
  const look = async () => [
    await databaseDigest(lab, target.adminUrl),
    await withClient(
      target.url,
      async client =>
        (
          await client.query(
            "SELECT string_agg(datname, ',' ORDER BY 1) AS all FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = current_user",
          )
        ).rows,
    ),
  ]
  const before = await look()
  const options = restoreOptions(lab, target, bucket, inputs)
  const run = await runAction('restore-from-s3', { ...options, env: { ...options.env, ...env } })
  expect(await look()).toEqual(before)
  const errors = run.annotations.filter(({ level }) => level === 'error')
  expect(
    errors.map(({ title }) => title),
    run.log,
  ).toEqual([`restore-from-s3: ${code}`])
  expect(run.exitCode).toBe(1)
  expect(run.leftFiles).toEqual([])
  expect(await bucket.list('backups/restores/')).toEqual([])
  return run
}

/** The two verbs of a file of refusals: back up with counts, and expect a restore to be refused. */
export function refusalsOn(lab: Lab) {
  return {
    dump: (from: { readonly url: string }, to: TestBucket, inputs: Record<string, string> = {}) =>
      dumpLogi(lab, from, to, { fingerprint: 'counts', ...inputs }),
    refusal: (
      target: HostedDatabase,
      bucket: TestBucket,
      code: string,
      inputs: Record<string, string>,
      env: Record<string, string> = {},
    ) => expectRefusal(lab, target, bucket, code, inputs, env),
  }
}
