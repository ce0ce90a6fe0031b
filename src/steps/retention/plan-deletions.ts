import { mapBounded } from '../../core/map-bounded.ts'
import { planRetention, type RetentionPlan } from '../../core/retention/plan.ts'
import { type Doomed, planDigest } from '../../core/retention/plan-digest.ts'
import type { RetentionPolicy } from '../../core/retention/policy.ts'
import {
  type Deletions,
  holdsNow,
  type ObjectLock,
  selectDeletions,
} from '../../core/retention/select-deletions.ts'
import type { TombstoneSource } from '../../core/retention/tombstone.ts'
import { PARALLEL_REQUESTS, type RetentionDeps } from './deps.ts'
import { type ReadCatalogue, readCatalogue, type StoredBackup } from './read-catalogue.ts'

/** A backup that nothing keeps, with the strongest lock of its objects. */
export interface DueBackup extends Doomed {
  readonly lock: ObjectLock
  /** What its tombstone is made of; null where it is written already. */
  readonly tombstone: TombstoneSource | null
}

/** What a run would do. `digest` covers what it deletes. */
export interface PrunePlan {
  readonly retention: RetentionPlan
  readonly deletions: Deletions<DueBackup>
  readonly hidden: readonly string[]
  readonly digest: string
}

/** Reads the bucket and decides; changes nothing. Throws where the bucket or a lock cannot be read. */
export async function planDeletions(
  policy: RetentionPolicy,
  maxDelete: number,
  deps: RetentionDeps,
): Promise<PrunePlan> {
  const read = await readCatalogue(policy, deps)
  const retention = planRetention(read.catalogue, policy, deps.now())
  const due = retention.problems.length > 0 ? [] : dueObjects(retention, read)
  const locked = await mapBounded(due, PARALLEL_REQUESTS, async ({ doomed, tombstone }) => ({
    ...doomed,
    tombstone,
    lock: await strongestLock(doomed, deps),
  }))
  const deletions = selectDeletions(locked, ({ lock }) => holdsNow(lock, deps.now()), maxDelete)
  const doomed = deletions.now.map(({ id, manifest, archive }) => ({ id, manifest, archive }))
  return { retention, deletions, hidden: read.hidden, digest: planDigest(deps.store.bucket, doomed) }
}

/** First what an interrupted run left, then the oldest. */
function dueObjects({ due }: RetentionPlan, { objects, unfinished }: ReadCatalogue): readonly StoredBackup[] {
  return [...unfinished, ...due.flatMap(({ id }) => objects.get(id) ?? [])]
}

async function strongestLock({ manifest, archive }: Doomed, deps: RetentionDeps): Promise<ObjectLock> {
  const versions = [archive, ...(manifest === null ? [] : [manifest])].flatMap(({ key, versionIds }) =>
    versionIds.map(versionId => ({ key, versionId })),
  )
  const locks = await mapBounded(versions, 1, ({ key, versionId }) => deps.readLock(key, versionId))
  const until = locks.map(lock => lock.until?.getTime() ?? 0)
  const latest = Math.max(0, ...until)
  return { until: latest === 0 ? null : new Date(latest), isLegalHold: locks.some(lock => lock.isLegalHold) }
}
