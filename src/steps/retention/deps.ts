import type { Location } from '../../core/backup/bucket-layout.ts'
import type { ObjectLock } from '../../core/retention/select-deletions.ts'
import type { Tombstone } from '../../core/retention/tombstone.ts'
import type { VersionListing } from '../../storage/bucket/versions.ts'
import type { Store } from '../../storage/store.ts'

/** What retention works with. */
export interface RetentionDeps {
  readonly store: Store
  readonly location: Location
  readonly listVersions: (prefix: string) => Promise<VersionListing>
  readonly readLock: (key: string, versionId: string | null) => Promise<ObjectLock>
  readonly deleteVersion: (key: string, versionId: string | null) => Promise<void>
  readonly now: () => Date
  readonly run: Tombstone['retiredBy']
  /** Login of the one who started the run, for pins. */
  readonly actor: string
}

/** Requests that are under way at once. */
export const PARALLEL_REQUESTS = 16
