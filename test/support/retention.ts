import { createHash } from 'node:crypto'
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Lab } from '../../lab/lab.ts'
import { type BackupKind, parseBackupId, renderBackupId } from '../../src/core/backup/backup-id.ts'
import { archiveKey, drillKey, manifestKey, pinKey } from '../../src/core/backup/bucket-layout.ts'
import { type Manifest, renderManifest } from '../../src/core/backup/manifest.ts'
import type { Verdict } from '../../src/core/checks/check.ts'
import { renderDrillRecord } from '../../src/core/drill/drill-record.ts'
import { mapBounded } from '../../src/core/map-bounded.ts'
import { renderPin } from '../../src/core/retention/pin.ts'
import type { RetentionDeps } from '../../src/steps/retention/deps.ts'
import { deleteVersion, lockReader } from '../../src/storage/bucket/locks.ts'
import { listVersions } from '../../src/storage/bucket/versions.ts'
import type { Store } from '../../src/storage/store.ts'
import { createBucket, type TestBucket, takeBucket } from './bucket.ts'
import { SAMPLE } from './samples/manifest.ts'
import { sampleRecord } from './samples/records.ts'

export const LOCATION = { prefix: 'backups', database: 'logi' }
const DAY_MS = 86_400_000

export const BUCKET_TYPES = ['unversioned', 'versioned', 'locked'] as const
export type BucketType = (typeof BUCKET_TYPES)[number]

/** A bucket without versions, with versions, or with Object Lock and no default retention. */
export async function createBucketOf(type: BucketType, lab: Lab): Promise<TestBucket> {
  if (type === 'locked') {
    const bucket = takeBucket(lab, `locked-${crypto.randomUUID().slice(0, 12)}`)
    await bucket.client.send(
      new CreateBucketCommand({ Bucket: bucket.name, ObjectLockEnabledForBucket: true }),
    )
    return bucket
  }
  const bucket = await createBucket(lab)
  if (type === 'versioned')
    await bucket.client.send(
      new PutBucketVersioningCommand({
        Bucket: bucket.name,
        VersioningConfiguration: { Status: 'Enabled' },
      }),
    )
  return bucket
}

/** Ids of `count` backups of consecutive days, the newest first and from an hour ago. */
export function dailyIds(count: number, kind: BackupKind = 'daily', now = new Date()): readonly string[] {
  const newest = Math.floor(now.getTime() / 1000) * 1000 - 3_600_000
  return Array.from({ length: count }, (_, day) =>
    renderBackupId({ instant: new Date(newest - day * DAY_MS), kind, nonce: '1a2b3c4d' }),
  )
}

/**
 * Puts small backups into a bucket: archive and manifest, as a dump leaves them. Newest first, as the ids.
 */
export function putBackups(bucket: TestBucket, ids: readonly string[]): Promise<readonly Manifest[]> {
  return mapBounded(ids, 16, id => putBackup(bucket, id))
}

async function putBackup(bucket: TestBucket, backupId: string): Promise<Manifest> {
  const id = parseBackupId(backupId)
  const archive = `archive of ${backupId}`
  const key = archiveKey(LOCATION, id, 'dump')
  const put = await putText(bucket, key, archive)
  const sha256 = createHash('sha256').update(archive).digest('hex')
  const bytes = archive.length
  const manifest: Manifest = {
    ...SAMPLE,
    backup: { ...SAMPLE.backup, id: backupId, kind: id.kind, snapshotAt: id.instant.toISOString() },
    object: {
      ...SAMPLE.object,
      key,
      bytes,
      sha256,
      parts: [{ bytes, sha256 }],
      versionId: put.VersionId ?? null,
      etag: put.ETag ?? '',
    },
  }
  await putText(bucket, manifestKey(LOCATION, id), renderManifest(manifest))
  return manifest
}

export function putText(bucket: TestBucket, key: string, text: string) {
  return bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: key, Body: text }))
}

/** Records a drill of exactly this backup, or of what is given instead. */
export async function putDrill(
  bucket: TestBucket,
  { backup, object }: Manifest,
  verdict: Verdict,
  instead: { readonly sha256?: string } = {},
): Promise<void> {
  const sample = sampleRecord({ verdict })
  const { id, snapshotAt } = backup
  const { key, versionId, sha256, bytes } = object
  const drilled = { ...sample.backup, id, snapshotAt, key, versionId, sha256, bytes, ...instead }
  const text = renderDrillRecord({ ...sample, backup: drilled })
  await putText(bucket, drillKey(LOCATION, new Date(), '1a2b3c4d'), text)
}

export async function putPin(
  bucket: TestBucket,
  backupId: string,
  until: string | null = null,
): Promise<void> {
  const pin = { backupId, database: 'logi', reason: 'audit', by: 'octocat', until }
  const run = { repository: 'o/r', workflow: 'w', runId: '1', runAttempt: '1', commit: 'c' }
  const text = renderPin({ version: 1, pin: { ...pin, at: new Date().toISOString() }, run })
  await putText(bucket, pinKey(LOCATION, backupId), text)
}

/** The real adapters; `more` replaces some. */
export function retentionDeps(store: Store, more: Partial<RetentionDeps> = {}): RetentionDeps {
  return {
    store,
    location: LOCATION,
    listVersions: prefix => listVersions(store, prefix),
    readLock: lockReader(store),
    deleteVersion: (key, versionId) => deleteVersion(store, key, versionId),
    now: () => new Date(),
    run: { repository: 'o/r', workflow: 'retention', runId: '1', runAttempt: '1', commit: 'abc' },
    actor: 'octocat',
    ...more,
  }
}

/**
 * As if the store had written each object a minute after the instant in its name: its clock cannot be set,
 * and two years of backups that all came today would count as copies.
 */
export function withPastWrites(deps: RetentionDeps): RetentionDeps {
  const listThen: RetentionDeps['listVersions'] = async prefix => {
    const listing = await deps.listVersions(prefix)
    const versions = listing.versions.map(version => ({ ...version, storedAt: writtenAt(version.key) }))
    return { ...listing, versions }
  }
  return { ...deps, listVersions: listThen }
}

function writtenAt(key: string): Date {
  const id = parseBackupId(key.replace(/^.*\//, '').replace(/\.(json|dump)$/, ''))
  return new Date(id.instant.getTime() + 60_000)
}
