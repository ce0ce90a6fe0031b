import { BACKUP_KINDS } from '../backup/backup-id.ts'
import { check, VERDICTS } from '../checks/check.ts'
import { canonicalJson } from '../json/canonical.ts'
import * as d from '../json/decode.ts'
import { parseRecord, RECORDED_BACKUP, recordedRun } from '../json/versioned-record.ts'
import { RESTORE_SCOPES } from './restore-scope.ts'

export const RESTORE_VERSION = 1

/** Where a backup goes, the safest first: a new database, in place of the old one, or over it. */
export const RESTORE_MODES = ['new-database', 'swap', 'overwrite'] as const
export type RestoreMode = (typeof RESTORE_MODES)[number]

/**
 * How it ended. `restored`: all of it done. `unverified`: the data is in a database, a new one or
 * over it, and is not or not provably what the manifest says. `failed`: users have what they had before.
 */
const RESTORE_OUTCOMES = ['restored', 'unverified', 'failed'] as const
export type RestoreOutcome = (typeof RESTORE_OUTCOMES)[number]

export const restoreRecord = d.object({
  version: d.nonNegativeInt,
  restore: d.object({
    /** The name of the record in the bucket, without `.json`: `20261201T040000Z-1a2b3c4d`. */
    id: d.string,
    /** The logical name, as in keys. */
    database: d.string,
    mode: d.oneOf(RESTORE_MODES),
    startedAt: d.timestamp,
    outcome: d.oneOf(RESTORE_OUTCOMES),
    /** What the checks say; not-measured where there was nothing to compare or it did not come to that. */
    verdict: d.oneOf(VERDICTS),
    /** Code and message of what went wrong; null where nothing did. */
    error: d.nullable(d.object({ code: d.string, message: d.string })),
  }),
  backup: d.object({
    ...RECORDED_BACKUP,
    /** Null in records that are older than this field. */
    kind: d.optional(d.oneOf(BACKUP_KINDS)),
  }),
  target: d.object({
    host: d.string,
    port: d.nonNegativeInt,
    user: d.string,
    /** The database that was asked for. */
    database: d.string,
    /** Where the backup is now; null where it did not come back. */
    restoredTo: d.nullable(d.string),
    /** What the old database is called now; null where it was not renamed. */
    previous: d.nullable(d.string),
    /** Since when users have other data than before; null while they have not. */
    replacedAt: d.optional(d.timestamp),
    /** The backup that was taken before the overwriting; null where there is none. */
    safetyBackup: d.nullable(d.string),
    /** Why no safety backup was taken, in the operator's words. */
    safetyBackupSkipped: d.nullable(d.string),
    allOrNothing: d.nullable(d.boolean),
  }),
  /**
   * What was left out or put in: tables, entries of the archive, settings of the session, which are no place
   * for a secret.
   */
  options: d.object({
    selection: d.optional(d.oneOf(RESTORE_SCOPES)),
    tables: d.array(d.string),
    leftOut: d.array(d.string),
    sessionSettings: d.array(d.string),
  }),
  /**
   * Where the new database differs from the old one, as sentences: its collation, settings that could not be
   * passed on.
   */
  notes: d.optional(d.array(d.string)),
  checks: d.array(check),
  /** A stage that did not finish, or did not happen, has no duration: null. */
  durations: d.object({
    safetyBackupMs: d.nullable(d.nonNegativeInt),
    downloadMs: d.nullable(d.nonNegativeInt),
    restoreMs: d.nullable(d.nonNegativeInt),
    checksMs: d.nullable(d.nonNegativeInt),
    /**
     * From the first session that was cut, or table that was locked, to the moment that the new data could be
     * reached under the old name.
     */
    windowMs: d.nullable(d.nonNegativeInt),
    totalMs: d.nonNegativeInt,
  }),
  tools: d.object({ pgRestore: d.string, server: d.string }),
  run: recordedRun,
})

/** The record of one restore: what went where, what the checks say, how long it took, who ran it. */
export type RestoreRecord = d.Decoded<typeof restoreRecord>

/** The bytes of a record: canonical JSON. */
export function renderRestoreRecord(value: RestoreRecord): string {
  return canonicalJson(value)
}

/**
 * Reads a record; throws RESTORE_RECORD_INVALID when it is damaged or of a newer major version. `name` is for
 * the error.
 */
export function parseRestoreRecord(json: string, name: string): RestoreRecord {
  return parseRecord(
    {
      version: RESTORE_VERSION,
      decoder: restoreRecord,
      code: 'RESTORE_RECORD_INVALID',
      what: 'record of a restore',
    },
    json,
    name,
  )
}
