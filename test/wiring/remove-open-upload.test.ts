import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { OperatorError } from '../../src/core/errors.ts'
import type { OpenUpload } from '../../src/storage/multipart/abort-upload.ts'
import { beginUpload } from '../../src/storage/multipart/upload.ts'
import { removeOpenUploads } from '../../src/wiring/open-uploads.ts'
import { createBucket } from '../support/bucket.ts'
import { fromReadable } from '../support/byte-source.ts'
import { theLab } from '../support/lab.ts'
import { MeddlingProxy, s3Error } from '../support/storage/meddling-proxy.ts'
import { openStore } from '../support/storage/test-store.ts'
import { KEY, requestOf } from '../support/storage/uploads.ts'

const lab = theLab()

it('removes an archive whose completion took effect only after the job was cancelled', async () => {
  await using bucket = await createBucket(lab)
  await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
  proxy.meddle({ method: 'POST', path: /uploadId=/, holdRequestMs: 4000 })
  // A store that is assembling the parts knows the upload no more.
  const gone = { status: 404, body: s3Error('NoSuchUpload') }
  for (const method of ['DELETE', 'GET']) proxy.meddle({ method, path: /uploadId=/, times: 9, answer: gone })
  const job = new AbortController()
  using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url, signal: job.signal })
  let remembered: OpenUpload | null = null
  const remember = (open: OpenUpload | null) => {
    remembered = open
  }
  const upload = await beginUpload(test.store, { ...requestOf('auto'), remember })
  const content = await upload.write(fromReadable(Readable.from([Buffer.from('x')])))
  setTimeout(() => job.abort(new OperatorError('CANCELLED', 'The job was cancelled.')), 300)

  await expect(upload.complete(content)).rejects.toMatchObject({ code: 'CANCELLED' })
  await upload[Symbol.asyncDispose]()

  expect(await bucket.list()).toEqual([])
  expect(remembered).toMatchObject({ key: KEY, isCompleting: true })
  using later = openStore(lab.s3, bucket.name)
  const state = { read: () => [remembered], save: () => {} }
  const location = { prefix: '', database: 'db' }
  const { log, signal } = later.store
  await removeOpenUploads({ state, log, signal }, location, later.store)
  expect(later.lines.join()).toContain('stopped halfway')
  expect(await bucket.list()).toEqual([])
  expect(await bucket.listMultipartUploads()).toEqual([])
}, 40_000)
