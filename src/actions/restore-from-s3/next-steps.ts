import { quoteIdentifier } from '../../core/pg/quote.ts'
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

/** True where the new database is no whole one: some tables, the structure alone, or a partial backup. */
export function isPart({ backup, options: { selection } }: RestoreRecord): boolean {
  return selection === 'structure' || selection === 'tables' || backup.kind === 'partial'
}

/** What the operator does next with the restored data, as Markdown lines; none where there is nothing to do with it. */
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
    '### Cut over (runbook §4.1)',
    '',
    `1. Look at the data: connect to ${code(restoredTo)} on ${code(`${host}:${port}`)} as ${code(user)}.`,
    `2. Point ${code('DATABASE_URL')} of the application to ${code(restoredTo)}: the same URL with ${code(`/${restoredTo}`)} at its end in place of ${code(`/${database}`)}.`,
    `3. Deploy, and wait until ${code('/up')} answers 200.`,
    `4. Keep ${code(database)} for some days, then: ${code(`DROP DATABASE ${quoteIdentifier(database)}`)}.`,
    '',
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
    '### Compare and copy back (runbook §3)',
    '',
    `> ⚠️ ${code(restoredTo)} holds only a part of the backup. Do not point the application to it, and do not drop ${code(database)}.`,
    '',
    `1. In a shell, with the password in ${code('PGPASSWORD')} and the ${code('sslmode')} of ${code('target-url')} in ${code('PGSSLMODE')}:`,
    '',
    codeBlock(commands.join('\n\n'), 'sh'),
    '',
    ...(hidden > 0 ? [`   The same for ${hidden} more tables.`, ''] : []),
    ...(tables.length > 0
      ? [`2. The files ${code('rows-*.copy')} hold rows of users: remove them when you are done.`]
      : []),
    `${tables.length > 0 ? 3 : 2}. When nobody needs it any more: ${code(`DROP DATABASE ${quoteIdentifier(restoredTo)}`)}.`,
    '',
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
    '### Now',
    '',
    `1. Check that the application works: ${code('/up')} answers 200, and people can log in.`,
    '2. Tell your users: the notice is below.',
    `3. The old data is in ${code(previous)}. To go back, connected to a third database, with the application stopped:`,
    '',
    codeBlock(back, 'sql'),
    '',
    `4. When nobody needs the old data any more, some days from now: ${code(`DROP DATABASE ${quoteIdentifier(previous)}`)}.`,
    '',
  ]
}
