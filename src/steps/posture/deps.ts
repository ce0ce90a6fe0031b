import type { BucketSettings } from '../../core/posture/bucket-findings.ts'
import type { SettingReading } from '../../core/posture/finding.ts'
import type { Proofs } from '../../core/posture/proof-findings.ts'
import type { StoredLifecycle } from '../../storage/bucket/lifecycle.ts'
import type { Store } from '../../storage/store.ts'

/** What the checks of a bucket work with. */
export interface PostureDeps {
  readonly store: Store
  readonly readSettings: () => Promise<BucketSettings>
  readonly readLifecycle: () => Promise<SettingReading<StoredLifecycle>>
  readonly putLifecycle: (lifecycle: StoredLifecycle) => Promise<void>
  readonly probe: (archives: string, mayDelete: boolean) => Promise<Proofs>
}
