import { ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import type { RetentionPolicy } from '../../../src/core/retention/policy.ts'
import { parseTombstone } from '../../../src/core/retention/tombstone.ts'
import { findBackup } from '../../../src/steps/backups/find-backup.ts'
import { type PruneRequest, prune } from '../../../src/steps/retention/prune.ts'
import { theLab } from '../../support/lab.ts'
import {
  BUCKET_TYPES,
  createBucketOf,
  dailyIds,
  LOCATION,
  putBackups,
  putDrill,
  retentionDeps,
  withPastWrites,
} from '../../support/retention.ts'
import { NO_POLICY } from '../../support/samples/catalogue.ts'
import { openStore } from '../../support/storage/test-store.ts'

const lab = theLab()
const policy: RetentionPolicy = { ...NO_POLICY, counts: { daily: 7, weekly: 4, monthly: 12, yearly: 3 } }
const PLAN: PruneRequest = {
  mode: 'plan',
  policy,
  maxDelete: 1000,
  expectPlan: undefined,
  pin: undefined,
  unpin: undefined,
}

describe('two years of daily backups under 7, 4, 12, 3', () => {
  it.concurrent.each(BUCKET_TYPES)(
    'are pruned to what the policy keeps, once: %s bucket',
    { timeout: 480_000 },
    async type => {
      await using bucket = await createBucketOf(type, lab)
      using test = openStore(lab.s3, bucket.name)
      const deps = withPastWrites(retentionDeps(test.store))
      const manifests = await putBackups(bucket, dailyIds(730))
      const [newest] = manifests
      if (newest === undefined) throw new Error('the newest backup is there')
      await putDrill(bucket, newest, 'pass')

      const { plan } = await prune(PLAN, deps)
      const planned = plan.deletions.now.map(({ id }) => id)
      const kept = plan.retention.kept.map(({ backup }) => backup.id)
      expect(kept.length).toBeGreaterThanOrEqual(20)
      expect(kept.length).toBeLessThanOrEqual(24)
      expect(planned).toHaveLength(730 - kept.length)
      expect(await bucket.list('backups/manifests/')).toHaveLength(730)

      const applied = await prune({ ...PLAN, mode: 'apply', expectPlan: plan.digest }, deps)
      expect(applied.failure).toBeUndefined()
      expect(applied.deleted.map(({ id }) => id).toSorted()).toEqual(planned.toSorted())

      const again = await prune({ ...PLAN, mode: 'apply' }, deps)
      expect(again.deleted).toEqual([])
      expect(await namesIn(bucket.list('backups/manifests/'))).toEqual(kept.toSorted())
      expect(await namesIn(bucket.list('backups/archives/'))).toEqual(kept.toSorted())

      // Also nothing that a plain listing does not show: old versions, delete markers.
      const left = await bucket.client.send(
        new ListObjectVersionsCommand({ Bucket: bucket.name, Prefix: 'backups/' }),
      )
      expect(left.DeleteMarkers ?? []).toEqual([])
      const backups = (left.Versions ?? []).filter(({ Key }) => !/retired|drills/.test(Key ?? ''))
      expect(backups).toHaveLength(2 * kept.length)

      // Each deleted backup has its tombstone, and the newest is found as before.
      const retired = await bucket.list('backups/retired/')
      expect(await namesIn(Promise.resolve(retired))).toEqual(planned.toSorted())
      const tombstone = parseTombstone((await bucket.read(retired[0] ?? '')).toString(), 'test')
      expect(tombstone).toMatchObject({ backup: { id: planned[0] }, retired: { plan: plan.digest } })
      const latest = await findBackup({ by: 'latest' }, LOCATION, test.store, test.store.log)
      expect(latest.backup.id).toBe(newest.backup.id)
    },
  )
})

/** Names without folder and extension, sorted. */
async function namesIn(keys: Promise<readonly string[]>): Promise<readonly string[]> {
  return (await keys).map(key => key.replace(/^.*\//, '').replace(/\.\w+$/, '')).toSorted()
}
