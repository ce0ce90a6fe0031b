import { printIdentifier } from '../../core/pg/quote.ts'
import {
  COMPARE_STRUCTURE,
  renderAddresses,
  renderCopyBack,
  type TableColumns,
} from '../../core/restore/copy-back.ts'
import { restoredName } from '../../core/restore/database-names.ts'
import type { RestoreRecord } from '../../core/restore/restore-record.ts'
import { code, codeBlock } from '../../core/text/markdown.ts'
import { renderSwap } from '../../postgres/target/swap.ts'

/** Tables whose statements are shown; those of the others are the same. */
const TABLES_SHOWN = 10

/** True when the new database is incomplete: some tables, the structure alone, or a partial backup. */
export function isPart({ backup, options: { selection } }: RestoreRecord): boolean {
  return selection === 'structure' || selection === 'tables' || backup.kind === 'partial'
}

/**
 * What the operator does next with the restored data, as Markdown blocks; none when there is nothing to do.
 */
export function nextSteps(record: RestoreRecord, copyBack: readonly TableColumns[]): readonly string[] {
  const { restore, target } = record
  const { restoredTo, previous } = target
  if (restore.outcome !== 'restored' || restoredTo === null) return []
  if (restore.mode === 'new-database')
    return isPart(record) ? copyBackSteps(record, restoredTo, copyBack) : cutover(target, restoredTo)
  return restore.mode === 'swap' && previous !== null ? afterSwap(record, previous) : []
}

function cutover(target: RestoreRecord['target'], restoredTo: string): readonly string[] {
  const { host, port, user, database } = target
  return [
    '**Cut over**',
    numbered([
      `Look at the data: connect to ${code(restoredTo)} on ${code(`${host}:${port}`)} as ${code(user)}.`,
      `Point ${code('DATABASE_URL')} of the application to ${code(restoredTo)}: the same URL, with ${code(`/${restoredTo}`)} at its end instead of ${code(`/${database}`)}.`,
      `Deploy, and wait until ${code('/up')} answers 200.`,
      `Keep ${code(database)} for some days, then: ${code(`DROP DATABASE ${printIdentifier(database)}`)}.`,
    ]),
  ]
}

function copyBackSteps(
  { target }: RestoreRecord,
  restoredTo: string,
  copyBack: readonly TableColumns[],
): readonly string[] {
  const { database } = target
  const tables = copyBack.slice(0, TABLES_SHOWN)
  const hidden = copyBack.length - tables.length
  const commands = [
    renderAddresses(target, restoredTo),
    ...(tables.length === 0 ? [COMPARE_STRUCTURE] : []),
    ...tables.map((table, i) => renderCopyBack(table, `rows-${i + 1}.copy`)),
  ]
  return [
    '**Compare and copy back**',
    `> ⚠️ ${code(restoredTo)} holds only a part of the backup. Do not point the application to it, and do not drop ${code(database)}.`,
    `1. In a shell, with the password in ${code('PGPASSWORD')} and the ${code('sslmode')} of ${code('target-url')} in ${code('PGSSLMODE')}:`,
    codeBlock(commands.join('\n\n'), 'sh'),
    ...(hidden > 0 ? [`   The same for ${hidden} more tables.`] : []),
    numbered(
      [
        ...(tables.length > 0
          ? [`The files ${code('rows-*.copy')} hold rows of users: remove them when you are done.`]
          : []),
        `When you no longer need it: ${code(`DROP DATABASE ${printIdentifier(restoredTo)}`)}.`,
      ],
      2,
    ),
  ]
}

function afterSwap({ restore, target }: RestoreRecord, previous: string): readonly string[] {
  const { database } = target
  const back = renderSwap({
    current: database,
    restored: previous,
    previous: restoredName(database, new Date(restore.startedAt)),
  })
  return [
    numbered([
      `Check that the application works: ${code('/up')} answers 200, and users can log in.`,
      'Tell your users: the notice is below.',
      `The old data is in ${code(previous)}. To go back, stop the application, connect to a third database and run:`,
    ]),
    codeBlock(back, 'sql'),
    numbered(
      [
        `Some days from now, when you no longer need the old data: ${code(`DROP DATABASE ${printIdentifier(previous)}`)}.`,
      ],
      4,
    ),
  ]
}

/** A Markdown list, numbered from `first`. */
function numbered(items: readonly string[], first = 1): string {
  return items.map((text, i) => `${first + i}. ${text}`).join('\n')
}
