import type { Readable } from 'node:stream'
import { expect } from 'vitest'
import { MIB } from '../../../src/core/text/bytes.ts'
import { beginUpload } from '../../../src/storage/multipart/upload.ts'
import type { Compatibility, UploadRequest } from '../../../src/storage/multipart/upload-request.ts'
import type { Store } from '../../../src/storage/store.ts'
import type { TestBucket } from '../bucket.ts'
import { fromReadable } from '../byte-source.ts'
import { testBytes } from './test-store.ts'

/** The smallest part of a plan. */
export const PART = 16 * MIB
export const KEY = 'archives/db/2026/11/20261123T031500Z-daily-1a2b3c4d.dump'

export function requestOf(compatibility: Compatibility, key = KEY): UploadRequest {
  return {
    key,
    backupId: '20261123T031500Z-daily-1a2b3c4d',
    databaseBytes: 0,
    storageClass: 'STANDARD',
    compatibility,
  }
}

export async function expectNothing(bucket: TestBucket): Promise<void> {
  expect(await bucket.list()).toEqual([])
  expect(await bucket.listMultipartUploads()).toEqual([])
}

/** Sends everything and keeps it. */
export async function uploadAll(store: Store, source: Readable, compatibility: Compatibility = 'auto') {
  await using upload = await beginUpload(store, requestOf(compatibility))
  const content = await upload.write(fromReadable(source))
  const stored = await upload.complete(content)
  upload.keep()
  return { content, stored, acknowledged: upload.acknowledgedBytes }
}

export const WHOLE = testBytes(2 * PART + 1)

export const TWO_PARTS = WHOLE.subarray(0, PART + 1)
