import type { ArchiveEntry, ArchiveToc } from '../../core/backup/archive-toc.ts'
import type { Location } from '../../core/backup/bucket-layout.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import type { Check } from '../../core/checks/check.ts'
import type { RestoredContent } from '../../core/checks/compare-manifest.ts'
import type { Criterion, Measurement } from '../../core/criteria/criterion.ts'
import type { DrillRecord } from '../../core/drill/drill-record.ts'
import type { LeftOut } from '../../core/passes/pass.ts'
import type { PostgresVersion } from '../../core/pg/version.ts'
import type { ScratchDatabase } from '../../postgres/scratch/database.ts'
import type { RestoreTools } from '../backups/fetch-archive.ts'
import type { PassDeps } from '../restore/fill-database.ts'

export interface DrillRequest {
  readonly manifest: Manifest
  readonly location: Location
  /** The backup may show the database as it was this long ago at most; undefined does not ask. */
  readonly maxAgeMs: number | undefined
  readonly criteria: readonly Criterion[]
  readonly nonce: string
  readonly run: DrillRecord['run']
  /** Why newer backups were skipped, in sentences. */
  readonly skippedBackups?: readonly string[]
}

/** What a drill needs from outside. */
export interface DrillDeps extends RestoreTools {
  readonly signal: AbortSignal
  readonly pgRestore: PostgresVersion
  /** A new, empty database like the source; removed again when disposed. */
  readonly openScratch: () => Promise<ScratchDatabase>
  /** What of the downloaded archive a drill restores. */
  readonly readArchive: () => Promise<ArchiveToc>
  readonly passesFor: (scratch: ScratchDatabase) => PassDeps
  readonly readContent: (
    scratch: ScratchDatabase,
    original: Manifest['fingerprint'],
  ) => Promise<RestoredContent>
  /** Compares every restored row with the rows that the archive holds. */
  readonly compareRows: (
    scratch: ScratchDatabase,
    restored: readonly ArchiveEntry[],
  ) => Promise<readonly Check[]>
  readonly readStructure: (scratch: ScratchDatabase) => Promise<readonly Check[]>
  readonly measureScratch: (
    scratch: ScratchDatabase,
    criteria: readonly Criterion[],
  ) => Promise<ReadonlyMap<string, Measurement>>
  /** Undefined without a live database to compare with. */
  readonly measureLive:
    | ((criteria: readonly Criterion[]) => Promise<ReadonlyMap<string, Measurement>>)
    | undefined
  /** Undefined unless asked for. */
  readonly checkPages: ((scratch: ScratchDatabase) => Promise<Check>) | undefined
  /** Undefined without a smoke command. */
  readonly smoke: ((scratch: ScratchDatabase) => Promise<Check>) | undefined
}

/** What is known so far; what did not happen has no duration. */
export interface DrillProgress {
  readonly checks: Check[]
  leftOut: readonly LeftOut[]
  /** What of the archive the scratch database holds. */
  restored: readonly ArchiveEntry[]
  downloadMs: number | null
  restoreMs: number | null
  checksMs: number | null
  serverVersion: string
}

export function newDrillProgress(): DrillProgress {
  return {
    checks: [],
    leftOut: [],
    restored: [],
    downloadMs: null,
    restoreMs: null,
    checksMs: null,
    serverVersion: '',
  }
}
