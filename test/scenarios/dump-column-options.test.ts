import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { runAction } from '../support/runner.ts'

/** As a release that is newer by a minor keeps it. */
const NEWER_RELEASE = `
  CREATE TABLE users (id int); INSERT INTO users VALUES (1);
  SET allow_system_table_mods = on;
  UPDATE pg_attribute SET attoptions = '{pg_attver=1}' WHERE attrelid = 'users'::regclass AND attname = 'id'`

it.each([
  ['18.6', 'is refused', ['dump-to-s3: TOOL_TOO_OLD']],
  ['18.7', 'is taken', []],
])('pg_dump %s, where a column has an option of the newest releases, %s', async (version, _, titles) => {
  const lab = theLab()
  await using source = await createDatabase(lab, NEWER_RELEASE)
  await using bucket = await createBucket(lab)
  await using stack = new AsyncDisposableStack()
  const bin = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  stack.defer(() => rm(bin, { recursive: true }))
  const real = join(lab.postgres.binDir, 'pg_dump')
  await writeFile(
    join(bin, 'pg_dump'),
    `#!/bin/sh\n[ "$1" = --version ] && exec echo "pg_dump (PostgreSQL) ${version}"\nexec '${real}' "$@"\n`,
    { mode: 0o755 },
  )
  const PATH = [bin, lab.postgres.binDir, '/usr/bin', '/bin'].join(':')

  const run = await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { env: { PATH } }))

  expect(
    run.annotations.map(({ title }) => title).filter(title => title !== ''),
    run.log,
  ).toEqual(titles)
  expect(run.exitCode).toBe(titles.length)
  if (titles.length === 0) return
  const error = run.annotations.at(-1)
  expect(error?.message).toContain('it would write the column option pg_attver into the archive')
  expect(error?.message).toContain('so that pg_dump is of release 18.7 or newer')
  expect(await bucket.list()).toEqual([])
})
