import { writeFile } from 'node:fs/promises'
import {
  type ArchiveEntry,
  type PublicationEntry,
  parseArchiveList,
  renderUseList,
} from '../../core/backup/archive-toc.ts'
import { OperatorError } from '../../core/errors.ts'
import { runTool } from './run-tool.ts'

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

/** Where pg_restore is, what it is asked about, and where the list of that goes, in a private directory. */
export interface ArchiveQuestion {
  readonly pgRestore: string
  readonly archive: string
  readonly entries: readonly ArchiveEntry[]
  readonly path: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * What those of the entries do that have to do with publications: the list says only whose they are. By the id of the entry.
 * Throws RESTORE_FAILED.
 */
export async function readPublications(
  question: ArchiveQuestion,
): Promise<ReadonlyMap<string, PublicationEntry>> {
  const statements = await readStatements(question, 'PUBLICATION')
  return new Map(
    statements.flatMap(({ id, text }) => {
      const [, name = '', does = ''] =
        /^(?:CREATE|ALTER) PUBLICATION ("(?:[^"]|"")*"|[^\s;]+)([^\n]*)/m.exec(text) ?? []
      if (name === '') return []
      const isForSuperuser = /^ (FOR ALL|ADD TABLES IN SCHEMA) /.test(does)
      return [[id, { publication: unquote(name), isForSuperuser }] as const]
    }),
  )
}

/** The names of the schemas that the entries make, by the id of the entry. Throws RESTORE_FAILED. */
export async function readSchemas(question: ArchiveQuestion): Promise<ReadonlyMap<string, string>> {
  const statements = await readStatements(question, 'SCHEMA')
  return new Map(
    statements.flatMap(({ id, text }) => {
      const [, name = ''] = /^CREATE SCHEMA ("(?:[^"]|"")*"|[^\s;]+)/m.exec(text) ?? []
      return name === '' ? [] : [[id, unquote(name)] as const]
    }),
  )
}

/** The SQL of the entries of a kind: pg_restore writes them down, with --verbose the id of its entry above every one. */
async function readStatements(
  { pgRestore, archive, entries, path, env }: ArchiveQuestion,
  kind: string,
): Promise<ReadonlyArray<{ readonly id: string; readonly text: string }>> {
  const asked = entries.filter(entry => entry.kind === kind)
  if (asked.length === 0) return []
  await writeFile(path, renderUseList(asked), { mode: 0o600 })
  const args = ['--verbose', '--no-owner', `--use-list=${path}`, '--file=-', archive]
  const { exitCode, stdout, stderr } = await runTool(pgRestore, args, env)
  if (exitCode !== 0)
    throw new OperatorError('RESTORE_FAILED', `pg_restore ended with ${exitCode}: ${stderr.trim()}.`, {
      hint: 'Pick another backup: this archive cannot be read.',
    })
  return stdout.split(/^-- TOC entry (?=\d+ \(class \d+ OID \d+\)$)/m).flatMap(text => {
    const [, id = ''] = /^(\d+) /.exec(text) ?? []
    return id === '' ? [] : [{ id, text }]
  })
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}
