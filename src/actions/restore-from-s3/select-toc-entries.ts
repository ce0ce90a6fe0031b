import { type ArchiveToc, chooseEntries } from '../../core/backup/archive-toc.ts'
import { schemasToLeaveOut } from '../../core/backup/partial-backup.ts'
import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import type { RestoreScope } from '../../core/restore/restore-scope.ts'
import type { TargetFacts } from '../../core/restore/target-facts.ts'
import type { PlannedEntries } from '../../steps/restore/plan.ts'
import type { RestoreRun } from './restore-run.ts'

/** Selects the entries to restore. */
export function selectTocEntries(
  { inputs, manifest }: Pick<RestoreRun, 'inputs' | 'manifest'>,
  { entries, databaseSettings }: ArchiveToc,
  scope: RestoreScope,
  facts: TargetFacts,
): PlannedEntries {
  const { foreignExtensions, keptSchemas, keptRows, foreignPublications } = facts
  // What acts as another role has the rights of that one.
  const isSuperuser = facts.isSuperuser && [undefined, facts.user].includes(inputs.ownerRole)
  const idsOfRows = new Map(
    entries.filter(({ kind }) => kind === 'TABLE DATA').map(entry => [keyOf(entry), entry.id]),
  )
  // In the order of the tables.
  const rowsOf = (tables: readonly QualifiedName[]) =>
    new Set(tables.flatMap(table => idsOfRows.get(keyOf(table)) ?? []))
  const isNew = inputs.mode !== 'overwrite'
  // A new database has no extensions but the one that comes with the server.
  const foreign = isNew ? ['plpgsql'] : foreignExtensions
  const chosen = chooseEntries(entries, {
    isSuperuser,
    foreignExtensions: isSuperuser ? [] : foreign,
    keptSchemas: isNew ? [] : keptSchemas,
    madeSchemas: isNew ? schemasToLeaveOut(manifest) : [],
    keptRows: isNew ? new Set() : rowsOf(keptRows),
    foreignPublications: isNew ? [] : foreignPublications,
    part: manifest.backup.kind === 'partial' ? manifest.backup : undefined,
    rowsOnly: scope.of === 'rows',
    dataOnlyOf: scope.of === 'everything' ? undefined : rowsOf('tables' in scope ? scope.tables : []),
  })
  return { ...chosen, databaseSettings }
}

function keyOf({ schema, name }: { readonly schema: string | null; readonly name: string }): string {
  return JSON.stringify([schema, name])
}
