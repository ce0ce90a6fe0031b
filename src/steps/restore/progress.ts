import type { Check } from '../../core/checks/check.ts'
import type { TableColumns } from '../../core/restore/copy-back.ts'

/** What is known of a restore so far, for the record: what did not happen stays null. */
export interface RestoreProgress {
  readonly checks: Check[]
  leftOut: readonly string[]
  /** Where the new database differs from the old one. */
  notes: readonly string[]
  /** The tables to compare and copy back from; empty where everything was restored. */
  copyBack: readonly TableColumns[]
  /** Where the backup is now. */
  restoredTo: string | null
  /** What the old database is called now. */
  previous: string | null
  safetyBackup: string | null
  /** When users began to see other data than before. */
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
    notes: [],
    copyBack: [],
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
