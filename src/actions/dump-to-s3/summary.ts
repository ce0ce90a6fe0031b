import { type BackupCopy, copyFacts, copyProblems } from '../../core/backup/copies.ts'
import { countRows, type Manifest, type TableFingerprint } from '../../core/backup/manifest.ts'
import { renderBackupCommands } from '../../core/backup/partial-backup.ts'
import type { StoreAddress } from '../../core/backup/restore-commands.ts'
import { type PastBackup, renderBackupTrend } from '../../core/summary/backup-trend.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { renderBytes, renderCount } from '../../core/text/bytes.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { code, codeBlock, literal, table } from '../../core/text/markdown.ts'
import { shellQuote } from '../../core/text/shell-quote.ts'

/** Tables shown one by one, the largest first; the rest is counted. */
const TABLES_SHOWN = 30

interface SummaryContext {
  readonly manifestUri: string
  readonly store: StoreAddress
  readonly copies: readonly BackupCopy[]
  /** Earlier backups in any order; undefined where they could not be listed. */
  readonly previous: readonly PastBackup[] | undefined
}

/** The job summary of a dump: verdict, facts, how to get the data back, the last backups, and rows. */
export function renderDumpSummary(manifest: Manifest, context: SummaryContext): string {
  const { backup } = manifest
  const { store, copies, previous } = context
  const partial = backup.kind === 'partial' ? ' (partial: it does not hold the whole database)' : ''
  return renderSummaryPage({
    verdict: `✅ Backup of ${literal(backup.database)}${partial}`,
    problems: copyProblems(copies),
    facts: facts(manifest, context),
    next: [...restoreSteps(manifest, store), ...ownRestore(manifest)],
    trend: previous && { title: 'Last backups', trend: renderBackupTrend(manifest, previous) },
    details: rows(manifest),
  })
}

function restoreSteps(manifest: Manifest, store: StoreAddress): readonly string[] {
  const { file, stream } = renderBackupCommands(manifest, store)
  return [
    `Nothing now. When you need the data, set ${code('TARGET_URL')} to an empty database. Checked, and in parallel, through a file:`,
    codeBlock(file, 'bash'),
    ...(stream === undefined
      ? []
      : ['Straight from the bucket, nothing kept on disk:', codeBlock(stream, 'bash')]),
    'The archive is a stock pg_dump archive: nothing of pg-runbook is needed to restore it.',
  ]
}

/** With this project; a plain script is for people. */
function ownRestore({ backup, archive, server }: Manifest): readonly string[] {
  if (archive.format === 'plain') return []
  return [
    `With pg-runbook, into a new database on the same server, compared with the manifest: a step with ${code('restore-from-s3')} and ${code(`backup: ${backup.id}`)}, or the workflow ${code('restore')} by hand:`,
    codeBlock(
      // Raw: with --field, a value that begins with @ names a file.
      `gh workflow run restore.yml --raw-field backup=${backup.id} --raw-field mode=new-database --raw-field ${shellQuote(`confirm=${server.database}`)}`,
      'bash',
    ),
  ]
}

function facts(
  manifest: Manifest,
  { manifestUri, copies }: SummaryContext,
): ReadonlyArray<readonly [string, string]> {
  const { backup, object, archive, server, durations } = manifest
  const checksum = object.checksum === null ? '' : `, ${object.checksum.algorithm} confirmed by the store`
  return [
    ['Backup', code(backup.id)],
    ['Shows the database at', code(backup.snapshotAt)],
    ['Archive', code(`s3://${object.bucket}/${object.key}`)],
    ['Manifest', code(manifestUri)],
    ...copyFacts(copies),
    [
      'Size',
      `${renderBytes(object.bytes)} of ${renderBytes(server.databaseBytes)} in the database (${archive.format}, ${literal(archive.compression)}, ${literal(object.storageClass)})`,
    ],
    ['SHA-256', `${code(object.sha256)}${checksum}`],
    ['Took', renderDuration(durations.totalMs)],
    [
      'Server',
      `${code(server.database)} on PostgreSQL ${literal(server.version)}, dumped by pg_dump ${literal(archive.toolVersion)}`,
    ],
  ]
}

function rows({ fingerprint }: Manifest): readonly string[] {
  const { level, tables } = fingerprint
  if (level === 'none')
    return ['No rows were counted (fingerprint: none): a drill will have nothing to compare with.']
  const largest = tables.toSorted((a, b) => b.rows - a.rows)
  const hidden = largest.slice(TABLES_SHOWN)
  const more = `_and ${hidden.length} more tables with ${renderCount(countRows(hidden))} rows, all in the manifest_`
  return [
    `### ${renderCount(countRows(tables))} rows in ${tables.length} tables`,
    table(['Table', 'Rows', 'Newest'], largest.slice(0, TABLES_SHOWN).map(tableRow)),
    ...(hidden.length === 0 ? [] : [more]),
  ]
}

function tableRow({ schema, name, rows: count, newest }: TableFingerprint): readonly string[] {
  const time =
    newest === null || newest.value === null ? '' : `${code(newest.value)} (${literal(newest.column)})`
  return [code(schema === 'public' ? name : `${schema}.${name}`), renderCount(count), time]
}
