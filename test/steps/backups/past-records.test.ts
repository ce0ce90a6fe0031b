import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { expect, it } from 'vitest'
import { parseBackupId } from '../../../src/core/backup/backup-id.ts'
import { manifestKey, retiredKey } from '../../../src/core/backup/bucket-layout.ts'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import { createTombstone, renderTombstone, tombstoneSource } from '../../../src/core/retention/tombstone.ts'
import { readPastBackups } from '../../../src/steps/backups/past-records.ts'
import { createBucket } from '../../support/bucket.ts'
import { theLab } from '../../support/lab.ts'
import { dailyIds, LOCATION, putBackups, putText } from '../../support/retention.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'
import { openStore } from '../../support/storage/test-store.ts'

const lab = theLab()

function tombstoneOf(manifest: Manifest): string {
  const { key, etag, bytes } = manifest.object
  const archive = { key, versionIds: [null], etag, bytes }
  const retirement = { at: '2027-01-01T00:00:00.000Z', policy: '7 daily', plan: 'p', run: SAMPLE.run }
  const doomed = { id: manifest.backup.id, manifest: null, archive }
  return renderTombstone(createTombstone(tombstoneSource(manifest), doomed, retirement))
}

it('reads backups that retention deleted, in order, and an interrupted one once', async () => {
  await using bucket = await createBucket(lab)
  using test = openStore(lab.s3, bucket.name)
  const ids = dailyIds(5)
  const manifests = await putBackups(bucket, ids)
  for (const [index, manifest] of manifests.entries()) {
    if (index === 0 || index === 2) continue
    const { id } = manifest.backup
    await putText(bucket, retiredKey(LOCATION, id), tombstoneOf(manifest))
    const Key = manifestKey(LOCATION, parseBackupId(id))
    // The second was interrupted between its tombstone and its manifest.
    if (index !== 1) await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key }))
  }

  const past = await readPastBackups(false, LOCATION, test.store, test.store.signal)

  expect(past?.map(({ backup }) => backup.id)).toEqual(ids.toReversed())
  expect(past?.map(({ object, server }) => [object.bytes, server.database])).toEqual(
    manifests.toReversed().map(({ object, server }) => [object.bytes, server.database]),
  )
})
