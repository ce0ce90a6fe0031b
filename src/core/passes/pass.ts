import type { ArchiveEntry } from '../backup/archive-toc.ts'
import type { ViewSetting } from './view-settings.ts'

/**
 * Who carries out a pass. `superuser` is for a closed list of entries in a server that holds nothing else
 * (superuser-entries.ts); on a real target everything is done by the role that restores.
 */
export type PassRole = 'owner' | 'superuser'

/**
 * Entries that one pg_restore restores, up to its first error. The archive is at fault only where the error
 * says so.
 */
export interface BulkPass {
  readonly name:
    | 'structure'
    | 'structure and rows'
    | 'rows'
    | 'indexes and constraints'
    | 'publications'
    | 'event triggers'
  readonly role: PassRole
  /** pg_restore may use its jobs. */
  readonly isParallel: boolean
  readonly entries: readonly ArchiveEntry[]
  /** The same entries in groups that know nothing of each other: each may have a pg_restore of its own. */
  readonly groups?: ReadonlyArray<readonly ArchiveEntry[]>
}

/**
 * SQL that is tried by itself. A failure says nothing about the archive: it is named, and the rest goes on.
 */
export interface Attempt {
  /** What is made, for messages: `extension citext`. */
  readonly what: string
  readonly role: PassRole
  /** Statements to run one after the other; the first that fails ends the attempt. */
  readonly statements: readonly string[]
  /** For the session that runs them. One that the server refuses is left out. */
  readonly settings?: readonly ViewSetting[]
  /** Undefined waits as long as the step may take. */
  readonly timeoutMs?: number
  /** The entry that this makes. */
  readonly entry: ArchiveEntry
}

/** Something of the archive that the database does not have afterwards, and why. */
export interface LeftOut {
  /** `extension pg_cron`, `rows of public.spatial_ref_sys`. */
  readonly what: string
  /** A sentence without its full stop. */
  readonly why: string
  readonly entry: ArchiveEntry
}

/** What decides about the passes beside the archive. */
export interface PassFacts {
  /** The size of the archive. */
  readonly archiveBytes: number
  /** There is a superuser for the closed list, apart from the role that owns the database. */
  readonly hasSuperuser: boolean
  /** Also restore what the archive grants to whom. */
  readonly grants: boolean
  /**
   * Event triggers fire while they are restored: a drill leaves them out where the server cannot switch
   * them off.
   */
  readonly skipEventTriggers: boolean
  /** Materialised views over foreign servers stay empty: a drill asks no other server. */
  readonly skipForeignServers: boolean
  /** Of the database of the source. Materialised views are filled under all of them, rows under some. */
  readonly viewSettings: readonly ViewSetting[]
}
