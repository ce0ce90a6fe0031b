import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { connectionEnvironment } from '../../../src/postgres/client-tools/passfile.ts'
import { startRestore } from '../../../src/postgres/client-tools/pg-restore.ts'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { stockDump } from '../../support/restore.ts'

/** Rows that do not compress, so that the end of the archive is rows. */
const ROWS = `CREATE TABLE t AS SELECT i, sha512(i::text::bytea) AS hash FROM generate_series(1, 1000) AS i`

describe('a parallel pg_restore whose worker ended without a word', () => {
  const lab = theLab()

  it.each([
    ['an archive that was cut short', -20_000, { code: 'RESTORE_FAILED', facts: { blame: 'damage' } }],
    ['a whole archive', undefined, { code: 'TOOL_FAILED' }],
  ])('accuses only what cannot be read: %s', async (_, end, expected) => {
    await using source = await createDatabase(lab, ROWS)
    await using target = await createDatabase(lab)
    await using stack = new AsyncDisposableStack()
    const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
    stack.defer(() => rm(directory, { recursive: true }))
    const archive = join(directory, 'archive.dump')
    await writeFile(archive, (await stockDump(lab, source.url)).subarray(0, end))
    const path = join(directory, 'pg_restore')
    await writeFile(
      path,
      `#!/bin/sh
for arg; do [ "$arg" = --jobs=2 ] && echo 'pg_restore: error: a worker process died unexpectedly' >&2 && exit 1; done
exec '${join(lab.postgres.binDir, 'pg_restore')}' "$@"\n`,
      { mode: 0o755 },
    )
    const env = await connectionEnvironment(parseConnectionUrl(target.url), directory, process.env)

    await using running = startRestore({ path, archive, jobs: 2, env })

    await expect(running.finished).rejects.toMatchObject(expected)
  })
})
