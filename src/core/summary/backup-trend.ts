import { BACKUP_KINDS, type BackupId } from '../backup/backup-id.ts'
import * as d from '../json/decode.ts'
import { renderHead } from './record-head.ts'
import { durationMeasure, renderTrend, SIZE_MEASURE, type Trend, type TrendPoint } from './trend.ts'

/** What the trend needs of a manifest. */
export const pastBackup = d.object({
  backup: d.object({
    id: d.string,
    kind: d.oneOf(BACKUP_KINDS),
    snapshotAt: d.timestamp,
    tablePatterns: d.array(d.string),
    excludeTablePatterns: d.array(d.string),
    schemaPatterns: d.array(d.string),
  }),
  object: d.object({ bytes: d.nonNegativeInt }),
  durations: d.object({ totalMs: d.nonNegativeInt }),
  /** By which another database under the same name is recognised. */
  server: d.object({ database: d.string, systemIdentifier: d.optional(d.string) }),
})
export type PastBackup = d.Decoded<typeof pastBackup>

/** The head of a manifest. */
export function renderBackupHead(manifest: PastBackup): Readonly<Record<string, string>> {
  return renderHead(pastBackup(manifest, ''))
}

/** Size and duration of the last backups that hold the same tables, and how this one compares. */
export function renderBackupTrend(current: PastBackup, previous: readonly PastBackup[]): Trend {
  const selection = selectionOf(current)
  const alike = previous.filter(past => selectionOf(past) === selection)
  return renderTrend(toPoint(current), alike.map(toPoint), {
    noun: 'backup',
    measures: [SIZE_MEASURE, durationMeasure()],
  })
}

/**
 * Whether a backup of that id may be compared with one that is partial or not, before its manifest is read.
 */
export function isComparable(isPartial: boolean, { kind }: BackupId): boolean {
  // A safety backup holds what is about to be replaced, which is most likely damaged.
  return kind !== 'safety' && (kind === 'partial') === isPartial
}

function selectionOf({ backup }: PastBackup): string {
  return JSON.stringify([backup.tablePatterns, backup.excludeTablePatterns, backup.schemaPatterns])
}

function toPoint({ backup, object, durations }: PastBackup): TrendPoint {
  return {
    id: backup.id,
    at: new Date(backup.snapshotAt),
    word: backup.kind,
    values: [object.bytes, durations.totalMs],
  }
}
