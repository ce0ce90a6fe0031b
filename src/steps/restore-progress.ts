import type { Check } from '../core/check.ts'

/** What is known of a restore so far, for the record: what did not happen stays null. */
export interface RestoreProgress {
  readonly checks: Check[]
  leftOut: readonly string[]
  /** Where the backup is now. */
  restoredTo: string | null
  /** What the old database is called now. */
  previous: string | null
  safetyBackup: string | null
  /** When users began to see the restored data. */
  replacedAt: Date | null
  safetyBackupMs: number | null
  downloadMs: number | null
  restoreMs: number | null
  checksMs: number | null
  windowMs: number | null
  terminated: number
}

export function newProgress(): RestoreProgress {
  return {
    checks: [],
    leftOut: [],
    restoredTo: null,
    previous: null,
    safetyBackup: null,
    replacedAt: null,
    safetyBackupMs: null,
    downloadMs: null,
    restoreMs: null,
    checksMs: null,
    windowMs: null,
    terminated: 0,
  }
}
