import type { BackupKind } from '../../core/backup/backup-id.ts'
import type { Destination, Location } from '../../core/backup/bucket-layout.ts'
import type { BackupCopy, OnCopyFailure } from '../../core/backup/copies.ts'
import type { DumpOptions } from '../../core/backup/dump-options.ts'
import type { FingerprintLevel, Manifest } from '../../core/backup/manifest.ts'
import type { Log } from '../../core/log.ts'
import type { PostgresVersion } from '../../core/pg/version.ts'
import type { RunningDump } from '../../postgres/client-tools/pg-dump.ts'
import type { Source } from '../../postgres/source/source.ts'
import type { StoreConfig } from '../../storage/client.ts'
import type { Upload } from '../../storage/multipart/upload.ts'
import type { UploadRequest } from '../../storage/multipart/upload-request.ts'
import type { Store } from '../../storage/store.ts'

export interface DumpRequest {
  readonly location: Location
  readonly kind: BackupKind
  readonly options: DumpOptions
  readonly fingerprint: FingerprintLevel
  readonly storage: Pick<UploadRequest, 'storageClass' | 'compatibility'>
  readonly copies: Copies
  readonly run: Manifest['run']
}

/** Further destinations of the same backup. */
export interface Copies {
  readonly targets: readonly CopyDestination[]
  /** How long each may keep the step waiting, all waits together. */
  readonly timeoutMs: number
  readonly onFailure: OnCopyFailure
}

export interface CopyDestination extends Pick<UploadRequest, 'storageClass' | 'compatibility'> {
  readonly destination: Destination
  readonly config: StoreConfig
}

export const NO_COPIES: Copies = { targets: [], timeoutMs: 0, onFailure: 'fail' }

/** A backup that exists, and what became of its copies. */
export interface DumpResult {
  readonly manifest: Manifest
  readonly copies: readonly BackupCopy[]
}

/** What a dump needs from outside. */
export interface DumpDeps {
  readonly source: Source
  readonly store: Store
  readonly beginUpload: (request: UploadRequest) => Promise<Upload>
  /** The pg_dump to use for a server of that major: one that is new enough where there is one. */
  readonly findPgDump: (serverMajor: number) => Promise<PgDump>
  /** Looks at the finished manifest before it is written; where it throws there is no backup. */
  readonly judge?: (manifest: Manifest) => Promise<void>
  readonly now: () => Date
  readonly log: Log
}

export interface PgDump {
  readonly version: PostgresVersion
  start(args: readonly string[]): Promise<RunningDump>
}
