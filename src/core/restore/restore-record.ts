import { BACKUP_KINDS } from '../backup/backup-id.ts'
import { check, VERDICTS } from '../checks/check.ts'
import { canonicalJson } from '../json/canonical.ts'
import {
  addedLater,
  flag,
  instant,
  list,
  nullable,
  object,
  oneOf,
  type Read,
  text,
  whole,
} from '../json/decode.ts'
import { parseRecord, RECORDED_BACKUP, recordedRun } from '../json/versioned-record.ts'
import { RESTORE_SCOPES } from './restore-scope.ts'

export const RESTORE_VERSION = 1

/** Where a backup goes, the safest first: beside the database, in its place, or over it. */
export const RESTORE_MODES = ['new-database', 'swap', 'overwrite'] as const
export type RestoreMode = (typeof RESTORE_MODES)[number]

/**
 * How it ended. `restored`: all of it done. `unverified`: the data is in a database, beside the old one or over it, and is not or not
 * provably what the manifest says. `failed`: users have what they had before.
 */
export const RESTORE_OUTCOMES = ['restored', 'unverified', 'failed'] as const
export type RestoreOutcome = (typeof RESTORE_OUTCOMES)[number]

const restoreRecord = object({
  version: whole,
  restore: object({
    /** The name of the record in the bucket, without `.json`: `20261201T040000Z-1a2b3c4d`. */
    id: text,
    /** The logical name, as in keys. */
    database: text,
    mode: oneOf(RESTORE_MODES),
    startedAt: instant,
    outcome: oneOf(RESTORE_OUTCOMES),
    /** What the checks say; not-measured where there was nothing to compare or it did not come to that. */
    verdict: oneOf(VERDICTS),
    /** Code and message of what went wrong; null where nothing did. */
    error: nullable(object({ code: text, message: text })),
  }),
  backup: object({
    ...RECORDED_BACKUP,
    /** Null in records that are older than this field. */
    kind: addedLater(oneOf(BACKUP_KINDS)),
  }),
  target: object({
    host: text,
    port: whole,
    user: text,
    /** The database that was asked for. */
    database: text,
    /** Where the backup is now; null where it did not come back. */
    restoredTo: nullable(text),
    /** What the old database is called now; null where it was not renamed. */
    previous: nullable(text),
    /** Since when users have other data than before; null where nobody has. */
    replacedAt: addedLater(instant),
    /** The backup that was taken before the overwriting; null where there is none. */
    safetyBackup: nullable(text),
    /** Why no safety backup was taken, in the operator's words. */
    safetyBackupSkipped: nullable(text),
    allOrNothing: nullable(flag),
  }),
  /** What was left out or put in: tables, entries of the archive, settings of the session, which are no place for a secret. */
  options: object({
    selection: addedLater(oneOf(RESTORE_SCOPES)),
    tables: list(text),
    leftOut: list(text),
    sessionSettings: list(text),
  }),
  /** Where the new database differs from the old one, as sentences: its collation, settings that could not be passed on. */
  notes: addedLater(list(text)),
  checks: list(check),
  /** A stage that did not finish, or did not happen, has no duration: null. */
  durations: object({
    safetyBackupMs: nullable(whole),
    downloadMs: nullable(whole),
    restoreMs: nullable(whole),
    checksMs: nullable(whole),
    /** From the first session that was cut, or table that was locked, to the moment that the new data could be reached under the old name. */
    windowMs: nullable(whole),
    totalMs: whole,
  }),
  tools: object({ pgRestore: text, server: text }),
  run: recordedRun,
})

/** The record of one restore: what went where, what the checks say, how long it took, who ran it. */
export type RestoreRecord = Read<typeof restoreRecord>

/** The bytes of a record: canonical JSON. */
export function renderRestoreRecord(value: RestoreRecord): string {
  return canonicalJson(value)
}

/** Reads a record; throws RESTORE_RECORD_INVALID when it is damaged or of a newer major version. `name` is for the error. */
export function parseRestoreRecord(json: string, name: string): RestoreRecord {
  return parseRecord(
    {
      version: RESTORE_VERSION,
      shape: restoreRecord,
      code: 'RESTORE_RECORD_INVALID',
      what: 'record of a restore',
    },
    json,
    name,
  )
}
