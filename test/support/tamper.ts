import { createHash } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Lab } from '../../lab/lab.ts'
import { type Manifest, parseManifest, renderManifest } from '../../src/core/backup/manifest.ts'
import type { TestBucket } from './bucket.ts'
import { createDatabase } from './database.ts'
import { stockDump, stockRestore } from './restore.ts'

/** A backup as it was made, to make wrong ones of. */
export interface GoodBackup {
  readonly manifestKey: string
  readonly manifest: Manifest
  readonly archive: Buffer
}

/** The only backup in a bucket. */
export async function readBackup(bucket: TestBucket): Promise<GoodBackup> {
  const [manifestKey = ''] = await bucket.list('backups/manifests/')
  const manifest = parseManifest((await bucket.read(manifestKey)).toString(), manifestKey)
  return { manifestKey, manifest, archive: await bucket.read(manifest.object.key) }
}

/**
 * Puts a backup with other content in place of a good one: restored with stock tools, changed by the SQL,
 * dumped again. The manifest describes the new archive to the byte, and still claims what the old one held:
 * everything that is checked before the restore agrees, and only a judgement of the restored data can notice.
 */
export async function tamper(lab: Lab, bucket: TestBucket, good: GoodBackup, sql: string): Promise<void> {
  await using copy = await createDatabase(lab, '', 'tampered')
  await stockRestore(lab, good.archive, copy.url)
  await copy.query(sql)
  await replaceArchive(bucket, good, await stockDump(lab, copy.url))
}

/** Puts an archive in place of a good one, with a manifest that fits it to the byte. */
export async function replaceArchive(
  bucket: TestBucket,
  { manifest, manifestKey }: GoodBackup,
  archive: Buffer,
): Promise<void> {
  const { key } = manifest.object
  const sha256 = createHash('sha256').update(archive).digest('hex')
  const put = (Key: string, Body: string | Buffer) =>
    bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body }))
  const { ETag = '', VersionId = null } = await put(key, archive)
  const part = { bytes: archive.length, sha256 }
  const object = {
    ...manifest.object,
    ...part,
    parts: [part],
    etag: ETag,
    versionId: VersionId,
    checksum: null,
  }
  await put(manifestKey, renderManifest({ ...manifest, object }))
}
