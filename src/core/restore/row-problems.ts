import type { QualifiedName } from '../pg/qualified-name.ts'
import { printTable } from '../pg/quote.ts'
import { renderName, renderSome } from '../text/counts.ts'
import { type RowTrigger, renderTrigger, type TriggerChoice } from './row-trigger.ts'
import type { TargetProblem } from './target-requirements.ts'

/** What replaced rows meet in the tables that are there. */
export interface RowFacts {
  /** Triggers that fire when these rows are removed or inserted. */
  readonly triggers: readonly RowTrigger[]
  /** Materialised views that show the old rows afterwards. */
  readonly staleViews: readonly QualifiedName[]
  /** Chosen partitions whose rows may belong to another partition here, which was not chosen. */
  readonly unstablePartitions: readonly QualifiedName[]
  /** Tables that refer to these and keep their rows. */
  readonly referringTables: readonly QualifiedName[]
}

/** Why rows are not replaced yet. Only the operator knows whether triggers should fire. */
export function rowProblems(
  { triggers, unstablePartitions, referringTables }: RowFacts,
  choice: TriggerChoice | undefined,
): readonly TargetProblem[] {
  const problems: TargetProblem[] = []
  if (triggers.length > 0 && choice === undefined)
    problems.push({
      message: `the rows to be replaced would fire triggers: ${renderSome(triggers.map(renderTrigger), 50)}`,
      hint: 'Set triggers: off to switch them off meanwhile (each gets its state back), or triggers: fire to let them fire. A guard that fires needs its setting in session-settings, such as app.allow_audit_purge=yes.',
    })
  if (unstablePartitions.length > 0)
    problems.push({
      message: `rows of ${renderSome(unstablePartitions.map(renderName))} may belong to other partitions here: the hash that chooses the partition, such as that of an enum, differs between databases`,
      hint: 'Name all partitions of the tree in tables, or restore with mode new-database and copy the rows back.',
    })
  if (referringTables.length > 0)
    problems.push({
      message: `rows of ${renderSome(referringTables.map(renderName), 50)} refer to the rows to be replaced, which PostgreSQL does not truncate then`,
      hint: 'Name these tables in tables too, or restore with mode new-database and copy the rows back.',
    })
  return problems
}

/** What the operator has to know or do, as sentences. */
export function rowWarnings(
  { triggers, staleViews }: RowFacts,
  choice: TriggerChoice | undefined,
): readonly string[] {
  const names = renderSome(triggers.map(renderTrigger), 50)
  return [
    ...(triggers.length > 0 && choice === 'off'
      ? [`These triggers are switched off for the restored rows, and get their state back: ${names}.`]
      : []),
    ...(triggers.length > 0 && choice === 'fire'
      ? [`These triggers fire for the restored rows: ${names}.`]
      : []),
    ...(staleViews.length > 0
      ? [
          `These materialised views show the old rows until they are refreshed: ${staleViews.map(view => `REFRESH MATERIALIZED VIEW ${printTable(view)};`).join(' ')}`,
        ]
      : []),
  ]
}
