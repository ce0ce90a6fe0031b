import { check, VERDICTS } from '../checks/check.ts'
import { canonicalJson } from '../json/canonical.ts'
import * as d from '../json/decode.ts'
import { parseRecord, recordedBackup, recordedRun } from '../json/versioned-record.ts'

export const DRILL_VERSION = 1

export const drillRecord = d.object({
  version: d.nonNegativeInt,
  drill: d.object({
    /** The name of the record in the bucket, without `.json`: `20261201T040000Z-1a2b3c4d`. */
    id: d.string,
    /** The logical name, as in keys. */
    database: d.string,
    startedAt: d.timestamp,
    verdict: d.oneOf(VERDICTS),
    /**
     * Modes of restore-from-s3 that make the same passes in the same order; empty where the restore did not
     * finish.
     */
    coveredModes: d.array(d.string),
  }),
  /** Exactly which object was restored. */
  backup: recordedBackup,
  /** A database that another tool restored and this drill judged; null if the drill restored itself. */
  restored: d.optional(d.object({ host: d.string, database: d.string })),
  checks: d.array(check),
  /** A stage that did not finish has no duration: null. */
  durations: d.object({
    downloadMs: d.nullable(d.nonNegativeInt),
    /** pg_restore, from its start to its end. */
    restoreMs: d.nullable(d.nonNegativeInt),
    checksMs: d.nullable(d.nonNegativeInt),
    /** The whole drill: also finding the backup and starting the scratch server. */
    totalMs: d.nonNegativeInt,
  }),
  /** Versions; the empty text where a drill ended before the tool was needed. */
  tools: d.object({ pgRestore: d.string, server: d.string }),
  run: recordedRun,
})

/**
 * A drill restores into a new database with parallel jobs. Overwriting in one transaction makes the same
 * passes on one connection, which no drill has tried.
 */
export const COVERED_MODES = ['new-database', 'swap', 'overwrite with all-or-nothing: false'] as const

/** The record of one drill: what was restored, every check, how long it took, who ran it. */
export type DrillRecord = d.Decoded<typeof drillRecord>

/**
 * The measured recovery time: getting the archive and restoring it, as a recovery would have to. Starting a
 * scratch server and checking are not in it: the first is not needed in an emergency, the second is the
 * drill's own business. Null when the restore did not finish, because a time to failure is not a recovery
 * time.
 */
export function recoveryTimeMs({
  downloadMs,
  restoreMs,
}: Pick<DrillRecord['durations'], 'downloadMs' | 'restoreMs'>): number | null {
  return downloadMs === null || restoreMs === null ? null : downloadMs + restoreMs
}

/** The bytes of a record: canonical JSON. */
export function renderDrillRecord(value: DrillRecord): string {
  return canonicalJson(value)
}

/**
 * Reads a record; throws DRILL_RECORD_INVALID when it is damaged or of a newer major version. `name` is for
 * the error.
 */
export function parseDrillRecord(json: string, name: string): DrillRecord {
  return parseRecord(
    { version: DRILL_VERSION, decoder: drillRecord, code: 'DRILL_RECORD_INVALID', what: 'drill record' },
    json,
    name,
  )
}
