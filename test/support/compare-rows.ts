import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import type { Lab } from '../../lab/lab.ts'
import type { Check } from '../../src/core/checks/check.ts'
import { parseConnectionUrl } from '../../src/core/pg/connection.ts'
import { readServerFacts } from '../../src/postgres/catalog/server-facts.ts'
import { readArchiveToc } from '../../src/postgres/client-tools/archive-toc-file.ts'
import { openSession } from '../../src/postgres/session/session.ts'
import { compareArchiveRows } from '../../src/postgres/target/compare-rows.ts'

const run = promisify(execFile)

/** An archive of a database, and what was restored from it. `await using` removes the archive. */
export interface DumpedArchive extends AsyncDisposable {
  /** Stock pg_restore, with these options. */
  restore(url: string, ...options: readonly string[]): Promise<void>
  /** What the comparison of contents says of that database. */
  compare(url: string, signal?: AbortSignal): Promise<readonly Check[]>
}

/** Dumps with stock pg_dump and these options. */
export async function dumpArchive(
  { postgres }: Lab,
  url: string,
  ...options: readonly string[]
): Promise<DumpedArchive> {
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  const archive = join(directory, 'archive.dump')
  const [pgDump, pgRestore, psql] = ['pg_dump', 'pg_restore', 'psql'].map(tool => join(postgres.binDir, tool))
  await run(pgDump ?? '', [
    '--format=custom',
    '--compress=zstd:1',
    ...options,
    '--file',
    archive,
    '--dbname',
    url,
  ])
  await using session = await openSession(parseConnectionUrl(url))
  const { textSettings } = await readServerFacts(session)
  return {
    restore: async (target, ...more) =>
      void (await run(pgRestore ?? '', [...more, '--exit-on-error', '--dbname', target, archive])),
    compare: async (target, signal = new AbortController().signal) => {
      const { entries } = await readArchiveToc(archive)
      return await compareArchiveRows({
        pgRestore: pgRestore ?? '',
        psql: psql ?? '',
        archive,
        entries: entries.filter(({ kind }) => kind === 'TABLE DATA'),
        connection: parseConnectionUrl(target),
        directory,
        inherited: process.env,
        textSettings,
        signal,
      })
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  }
}
