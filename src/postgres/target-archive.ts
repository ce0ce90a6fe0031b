import { writeFile } from 'node:fs/promises'
import { OperatorError } from '../core/errors.ts'
import {
  type ArchiveEntry,
  type PublicationEntry,
  parseArchiveList,
  renderUseList,
} from '../core/restore-list.ts'
import { runTool } from './tool.ts'

/**
 * What an archive holds; `args` narrow it in pg_restore's own terms, such as `--table=users`. The archive must have been
 * verified: even listing a crafted one can run code (CVE-2026-116314). Throws RESTORE_FAILED.
 */
export async function listArchive(
  pgRestore: string,
  archive: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly ArchiveEntry[]> {
  const { exitCode, stdout, stderr } = await runTool(pgRestore, ['--list', ...args, archive], env)
  if (exitCode === 0) return parseArchiveList(stdout)
  throw new OperatorError('RESTORE_FAILED', `pg_restore --list ended with ${exitCode}: ${stderr.trim()}.`, {
    hint: 'Pick another backup: this archive cannot be read.',
  })
}

/**
 * What those of the entries do that have to do with publications: the list says only whose they are, so pg_restore writes them
 * down as SQL. `path` is where the list of them goes, in a private directory. Throws RESTORE_FAILED.
 */
export async function readPublications(
  pgRestore: string,
  archive: string,
  entries: readonly ArchiveEntry[],
  path: string,
  env: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, PublicationEntry>> {
  const publications = entries.filter(({ kind }) => kind === 'PUBLICATION')
  if (publications.length === 0) return new Map()
  await writeFile(path, renderUseList(publications), { mode: 0o600 })
  // With --verbose every statement has the id of its entry above it.
  const args = ['--verbose', '--no-owner', `--use-list=${path}`, '--file=-', archive]
  const { exitCode, stdout, stderr } = await runTool(pgRestore, args, env)
  if (exitCode !== 0)
    throw new OperatorError('RESTORE_FAILED', `pg_restore ended with ${exitCode}: ${stderr.trim()}.`, {
      hint: 'Pick another backup: this archive cannot be read.',
    })
  return new Map(
    stdout.split(/^-- TOC entry (?=\d+ \(class \d+ OID \d+\)$)/m).flatMap(text => {
      const [, id = ''] = /^(\d+) /.exec(text) ?? []
      const [, name = '', does = ''] =
        /^(?:CREATE|ALTER) PUBLICATION ("(?:[^"]|"")*"|[^\s;]+)([^\n]*)/m.exec(text) ?? []
      if (id === '' || name === '') return []
      const publication = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
      return [[id, { publication, isForSuperuser: /^ (FOR ALL|ADD TABLES IN SCHEMA) /.test(does) }] as const]
    }),
  )
}
