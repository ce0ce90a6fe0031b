import { join } from 'node:path'
import { type ChosenEntries, chooseEntries } from '../../core/backup/archive-toc.ts'
import { schemasToLeaveOut } from '../../core/backup/partial-backup.ts'
import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import type { RestoreScope } from '../../core/restore/restore-scope.ts'
import type { TargetFacts } from '../../core/restore/target-facts.ts'
import { listArchive, readPublications, readSchemas } from '../../postgres/client-tools/pg-restore-list.ts'
import type { RestoreRun } from './restore-run.ts'

/** Selects the entries to restore. pg_restore itself finds the rows of single tables, because a name may hold anything. */
export async function selectTocEntries(
  { inputs, pgRestore, directory, manifest, archivePath: archive, env }: RestoreRun,
  scope: RestoreScope,
  facts: TargetFacts,
): Promise<ChosenEntries> {
  const { isSuperuser, foreignExtensions, keptSchemas, keptRows, foreignPublications } = facts
  const list = (args: readonly string[]) => listArchive(pgRestore.path, archive, args, env)
  const rowsOf = async (tables: readonly QualifiedName[]) => {
    const ids = new Set<string>()
    for (const { schema, name } of tables)
      for (const { id, kind } of await list([`--schema=${schema}`, `--table=${name}`]))
        if (kind === 'TABLE DATA') ids.add(id)
    return ids
  }
  const entries = await list([])
  const isNew = inputs.mode !== 'overwrite'
  const question = { pgRestore: pgRestore.path, archive, entries, path: join(directory, 'asked.list'), env }
  const kept = isNew ? [] : keptSchemas
  const made = isNew ? schemasToLeaveOut(manifest) : []
  // A new database has no extensions but the one that comes with the server.
  const foreign = isNew ? ['plpgsql'] : foreignExtensions
  return chooseEntries(entries, {
    isSuperuser,
    foreignExtensions: isSuperuser ? [] : foreign,
    keptSchemas: kept,
    madeSchemas: made,
    schemas: kept.length + made.length === 0 ? new Map() : await readSchemas(question),
    keptRows: isNew ? new Set() : await rowsOf(keptRows),
    publications: isSuperuser ? new Map() : await readPublications(question),
    foreignPublications: isNew ? [] : foreignPublications,
    part: manifest.backup.kind === 'partial' ? manifest.backup : undefined,
    rowsOnly: scope.of === 'rows',
    dataOnlyOf: scope.of === 'everything' ? undefined : await rowsOf('tables' in scope ? scope.tables : []),
  })
}
