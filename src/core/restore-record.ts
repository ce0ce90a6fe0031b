import { canonicalJson } from './canonical-json.ts'
import { check, VERDICTS } from './check.ts'
import { errorMessage, OperatorError } from './errors.ts'
import { flag, instant, list, nullable, object, oneOf, type Read, sha256, text, whole } from './shape.ts'

export const RESTORE_VERSION = 1

/** Where a backup goes, the safest first: beside the database, in its place, or over it. */
export const RESTORE_MODES = ['new-database', 'swap', 'overwrite'] as const
export type RestoreMode = (typeof RESTORE_MODES)[number]

/**
 * How it ended. `restored`: all of it done. `unverified`: the data came back, but not exactly as the manifest has it, so nothing was
 * put in its place. `failed`: it did not come back.
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
    id: text,
    bucket: text,
    key: text,
    versionId: nullable(text),
    sha256,
    bytes: whole,
    snapshotAt: instant,
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
    /** The backup that was taken before the overwriting; null where there is none. */
    safetyBackup: nullable(text),
    /** Why no safety backup was taken, in the operator's words. */
    safetyBackupSkipped: nullable(text),
    allOrNothing: nullable(flag),
  }),
  /** What was left out or put in: tables, entries of the archive, settings of the session. */
  options: object({ tables: list(text), leftOut: list(text), sessionSettings: list(text) }),
  checks: list(check),
  /** A stage that did not finish, or did not happen, has no duration: null. */
  durations: object({
    safetyBackupMs: nullable(whole),
    downloadMs: nullable(whole),
    restoreMs: nullable(whole),
    checksMs: nullable(whole),
    /** From the first session that was cut to the moment that the new data could be reached under the old name. */
    windowMs: nullable(whole),
    totalMs: whole,
  }),
  tools: object({ pgRestore: text, server: text }),
  run: object({ repository: text, workflow: text, runId: text, runAttempt: text, commit: text }),
})

/** The record of one restore: what went where, what the checks say, how long it took, who ran it. */
export type RestoreRecord = Read<typeof restoreRecord>

/** The bytes of a record: canonical JSON. */
export function renderRestoreRecord(value: RestoreRecord): string {
  return canonicalJson(value)
}

/** Reads a record; throws RESTORE_RECORD_INVALID when it is damaged or of a newer major version. `name` is for the error. */
export function parseRestoreRecord(json: string, name: string): RestoreRecord {
  try {
    const value: unknown = JSON.parse(json)
    const { version } = object({ version: whole })(value, '')
    if (version > RESTORE_VERSION)
      throw new RangeError(`it has version ${version}; this pg-runbook reads up to ${RESTORE_VERSION}`)
    return restoreRecord(value, '')
  } catch (error) {
    throw new OperatorError(
      'RESTORE_RECORD_INVALID',
      `The record of a restore ${name} cannot be read: ${errorMessage(error)}.`,
      { hint: 'Use a newer pg-runbook, or look at the object in the bucket.', cause: error },
    )
  }
}
