import type { Check } from '../../core/checks/check.ts'
import type { LeftOut } from '../../core/passes/pass.ts'
import type { TableColumns } from '../../core/restore/copy-back.ts'
import type { TransactionRange } from '../../postgres/target/later-writes.ts'

/** What a restore has done. What did not happen is null or empty. */
export interface RestoreResult {
  readonly checks: readonly Check[]
  /** Differences between the new database and the old one, as sentences. */
  readonly notes: readonly string[]
  /** What the server could not take: checks that miss it are no failures. */
  readonly unrestored: readonly LeftOut[]
  /** The tables to compare and copy back from; empty after a full restore. */
  readonly copyBack: readonly TableColumns[]
  /** The database that holds the backup now. */
  readonly restoredTo: string | null
  /** The new name of the old database, after a swap. */
  readonly previous: string | null
  readonly safetyBackup: string | null
  /** When users began to see other data than before. */
  readonly replacedAt: Date | null
  readonly safetyBackupMs: number | null
  readonly restoreMs: number | null
  readonly checksMs: number | null
  readonly windowMs: number | null
  readonly terminated: number
  /** The transaction that has written everything, where others may write since. */
  readonly writtenBy: TransactionRange | null
}

export const NOTHING_RESTORED: RestoreResult = {
  checks: [],
  notes: [],
  unrestored: [],
  copyBack: [],
  restoredTo: null,
  previous: null,
  safetyBackup: null,
  replacedAt: null,
  safetyBackupMs: null,
  restoreMs: null,
  checksMs: null,
  windowMs: null,
  terminated: 0,
  writtenBy: null,
}

/** Yields each part of the result as soon as it is true, so that it stays known when a later stage fails. */
export type RestoreStages = AsyncGenerator<Partial<RestoreResult>, void, undefined>
