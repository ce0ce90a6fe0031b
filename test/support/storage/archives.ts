import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import { KIB, MIB } from '../../../src/core/text/bytes.ts'
import { downloadArchive } from '../../../src/storage/download.ts'
import type { Store } from '../../../src/storage/store.ts'
import type { TestBucket } from '../bucket.ts'
import { sha256, testBytes } from './test-store.ts'

export const KEY = 'archives/db/1.dump'
export const PART = 512 * KIB
export const WHOLE = testBytes(4 * MIB + 1)
type Archive = Manifest['object']

/** Puts an object there and describes it as its manifest would. */
export async function put({ client, name }: TestBucket, content = WHOLE, key = KEY): Promise<Archive> {
  const { ETag = '', VersionId = null } = await client.send(
    new PutObjectCommand({ Bucket: name, Key: key, Body: content }),
  )
  const parts = []
  for (let from = 0; from < content.length; from += PART) {
    const part = content.subarray(from, from + PART)
    parts.push({ bytes: part.length, sha256: sha256(part) })
  }
  return {
    bucket: name,
    key,
    versionId: VersionId,
    etag: ETag,
    bytes: content.length,
    sha256: sha256(content),
    parts,
    checksum: null,
    storageClass: 'STANDARD',
  }
}

/** Downloads into a directory of its own and returns the file's content and the bytes that were reported. */
export async function download(
  store: Store,
  archive: Archive,
): Promise<{ sha256: string; reported: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  let reported = 0
  try {
    const path = join(directory, 'archive')
    await downloadArchive(store, archive, path, bytes => {
      reported += bytes
    })
    return { sha256: sha256(await readFile(path)), reported }
  } finally {
    await rm(directory, { recursive: true })
  }
}

export function flipped(buffer: Buffer, at: number): Buffer {
  const copy = Buffer.from(buffer)
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
  return copy
}
