import type { RestoreMode } from './restore-record.ts'

/** Requirements that a restore places on the target. */
export interface TargetRequirements {
  readonly mode: RestoreMode
  /** What a database takes that holds what was chosen, at most. */
  readonly neededBytes: number
  /** Names that the new databases of this mode are to have. */
  readonly newNames: readonly string[]
  readonly terminateSessions: boolean
  readonly allOrNothing: boolean
  readonly takesSafetyBackup: boolean
  /** The source that the operator named: a system identifier or a database. */
  readonly confirmedSource: string | undefined
  /** The role that is to own what is restored; undefined is the role that connects. */
  readonly owner: string | undefined
  /** What the server's disk holds, where the operator knows; SQL cannot tell. */
  readonly diskBytes: number | undefined
  /** What the archive would bring; nothing before it is listed. */
  readonly archive: ArchiveFacts
}

/** What a restore of the chosen entries would bring. */
export interface ArchiveFacts {
  /** Each takes a lock, in one transaction. */
  readonly entries: number
  /** Titles of entries that belong to other roles than the one that restores. */
  readonly ofOthers: readonly string[]
}

/** One reason not to begin. */
export interface TargetProblem {
  readonly message: string
  readonly hint: string
  /** Nothing is wrong with the target: it is in use. */
  readonly isBusy?: boolean
}
