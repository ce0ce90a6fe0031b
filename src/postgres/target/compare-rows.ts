import type { ArchiveEntry } from '../../core/backup/archive-toc.ts'
import type { TextSettings } from '../../core/backup/manifest.ts'
import {
  type ArchiveTableRows,
  archiveRowChecks,
  type RestoredRows,
  type TableRows,
} from '../../core/checks/archive-rows.ts'
import type { Check } from '../../core/checks/check.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { byKey, keyOf, type QualifiedName } from '../../core/pg/qualified-name.ts'
import { type ComparedTables, readComparedTables } from '../catalog/compared-tables.ts'
import { type ArchiveRows, readArchiveRows } from '../client-tools/archive-rows.ts'
import { connectionEnvironment } from '../client-tools/passfile.ts'
import { type RowGroup, readTableRows } from '../client-tools/table-rows.ts'
import { openSession } from '../session/session.ts'

interface RowsComparison {
  readonly pgRestore: string
  /** Of the same installation as pg_restore. */
  readonly psql: string
  /** A verified archive in a file. */
  readonly archive: string
  /** The TABLE DATA entries that were restored. Rows of others are not compared. */
  readonly entries: readonly ArchiveEntry[]
  /**
   * The restored database. The role must see every row: its owner's, or one with pg_read_all_data and
   * BYPASSRLS.
   */
  readonly connection: Connection
  /** Private; removed afterwards by the caller. */
  readonly directory: string
  readonly inherited: Readonly<Record<string, string | undefined>>
  /** manifest.archive.textSettings */
  readonly textSettings: TextSettings
  /**
   * Whether others have written since to a table whose number of rows was right at the end of the restore.
   * Undefined where no others can write.
   */
  readonly readLaterWrites?: ((table: RestoredTable) => Promise<boolean>) | undefined
  readonly signal: AbortSignal
}

/** A table with its own rows, or a partitioned one with those of its partitions. */
export interface RestoredTable extends QualifiedName {
  readonly isPartitioned: boolean
}

/**
 * Compares every row that the archive holds with those of the restored tables: both as COPY text under the
 * settings of the dump, one hash per table, streamed. Partitions are compared as one table, because rows may
 * choose another one. Rows in another order are the same rows; the tables for which that matters are read a
 * second time. It reads only, and costs about a second per 100 MB of text. Checks of group `exact`: one line
 * over all tables that agree, and one for each other. Throws DATABASE_PRIVILEGES, DATABASE_LOCKED,
 * DATABASE_UNREACHABLE, DATABASE_FAILED or RESTORE_FAILED where nothing could be compared.
 */
export async function compareArchiveRows(comparison: RowsComparison): Promise<readonly Check[]> {
  const known = await readKnown(comparison)
  const first = await readBoth(comparison, comparison.entries, known, group => known.trees.has(keyOf(group)))
  const again = new Map(
    first
      .filter(({ archive, found }) => mayBeReordered(archive, found))
      .map(pair => [keyOf(pair.archive), pair]),
  )
  const ids = new Set([...again.values()].flatMap(({ archive }) => archive.entryIds))
  const entries = comparison.entries.filter(({ id }) => ids.has(id))
  const second = byName(await readBoth(comparison, entries, known, () => true))
  const pairs = first.map(pair => second.get(keyOf(pair.archive)) ?? pair)
  const restored = new Map<string, RestoredRows>()
  for (const { archive, found } of pairs) {
    if (found === undefined) continue
    const isWritten = await isWrittenSince(archive, found, known, comparison)
    restored.set(keyOf(archive), isWritten ? WRITTEN_SINCE : explain(archive, found, known, comparison))
  }
  return archiveRowChecks(
    pairs.map(({ archive }) => archive),
    restored,
  )
}

const WRITTEN_SINCE = { notComparable: 'Other sessions have written to it since the restore.' }

async function isWrittenSince(
  archive: ArchiveTableRows,
  found: TableRows,
  { tables }: ComparedTables,
  { readLaterWrites }: RowsComparison,
): Promise<boolean> {
  if (readLaterWrites === undefined || archive.hash === found.hash) return false
  const isPartitioned = tables.get(keyOf(archive))?.isPartitioned ?? false
  return (
    archive.rows !== found.rows ||
    (await readLaterWrites({ schema: archive.schema, name: archive.name, isPartitioned }))
  )
}

interface ComparedRows {
  readonly archive: ArchiveTableRows
  /** Undefined where there is no such table. */
  readonly found: TableRows | undefined
}

function byName(pairs: readonly ComparedRows[]): ReadonlyMap<string, ComparedRows> {
  return new Map(pairs.map(pair => [keyOf(pair.archive), pair]))
}

/** pg_restore without --jobs fills free space in earlier pages: the rows are the same, their order is not. */
function mayBeReordered(archive: ArchiveTableRows, found: TableRows | undefined): boolean {
  return !archive.isUnordered && archive.rows === found?.rows && archive.hash !== found.hash
}

async function readBoth(
  comparison: RowsComparison,
  entries: readonly ArchiveEntry[],
  known: ComparedTables,
  isUnordered: (group: QualifiedName) => boolean,
): Promise<readonly ComparedRows[]> {
  const { connection, directory, inherited, psql, signal } = comparison
  const archive = await readArchiveRows({
    ...comparison,
    entries,
    groupOf: table => known.trees.get(keyOf(table)) ?? { schema: table.schema, name: table.name },
    isUnordered,
  })
  const groups = toGroups(archive, known)
  const env = await connectionEnvironment(connection, directory, inherited)
  const settings = printSettings(comparison.textSettings, archive.encoding, known)
  const found = byKey(await readTableRows({ psql, env, groups, settings, signal }))
  return [...archive.groups.values()].map(table => ({ archive: table, found: found.get(keyOf(table)) }))
}

/** Those of which every table is there. */
function toGroups({ groups }: ArchiveRows, { tables }: ComparedTables): readonly RowGroup[] {
  return [...groups.values()].flatMap(group => {
    const { schema, name, columns, isUnordered } = group
    const sources = group.sources.flatMap(source => {
      const table = tables.get(keyOf(source))
      return table === undefined ? [] : [{ ...source, ...table, columns }]
    })
    const whole = sources.find(({ isPartitioned }) => isPartitioned)
    if (sources.length < group.sources.length) return []
    return [{ schema, name, isUnordered, sources: whole === undefined ? sources : [whole] }]
  })
}

function printSettings(
  settings: TextSettings,
  encoding: string,
  { knowsMoneyLocale }: ComparedTables,
): Readonly<Record<string, string>> {
  return {
    client_encoding: encoding,
    timezone: settings.timeZone,
    bytea_output: settings.byteaOutput,
    ...(knowsMoneyLocale && { lc_monetary: settings.lcMonetary }),
  }
}

/** What the two sides may print differently although the values are the same is no proof of a difference. */
function explain(
  archive: ArchiveTableRows,
  found: TableRows,
  { tables, knowsMoneyLocale, isUtc }: ComparedTables,
  { textSettings }: RowsComparison,
): RestoredRows {
  if (archive.rows !== found.rows || archive.hash === found.hash) return found
  const sources = archive.sources.map(source => tables.get(keyOf(source)))
  if (!knowsMoneyLocale && sources.some(source => source?.hasMoney))
    return {
      notComparable: `This server lacks the locale ${textSettings.lcMonetary}, in which the source prints money.`,
    }
  if (!isUtc && sources.some(source => source?.hasTimes))
    return {
      notComparable: `The source prints times in ${textSettings.timeZone}, and this server may know other rules for that zone.`,
    }
  return found
}

async function readKnown({ connection, textSettings, signal }: RowsComparison): Promise<ComparedTables> {
  await using session = await openSession(connection, signal, 'reading')
  return await readComparedTables(session, textSettings)
}
