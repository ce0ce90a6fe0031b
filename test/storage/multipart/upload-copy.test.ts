import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { beginUpload, type Upload } from '../../../src/storage/multipart/upload.ts'
import type { UploadCopy } from '../../../src/storage/multipart/upload-copy.ts'
import { createBucket, type TestBucket } from '../../support/bucket.ts'
import { fromReadable } from '../../support/byte-source.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { theLab } from '../../support/lab.ts'
import { inPieces, openStore, type TestStore, testBytes } from '../../support/storage/test-store.ts'
import { expectNothing, KEY, PART, requestOf } from '../../support/storage/uploads.ts'

const lab = theLab()
const COPY_KEY = `copies/${KEY}`
/** More than all buffers hold: nine parts of 16 MiB. */
const LONG = testBytes(12 * PART + 1)
const SHORT = LONG.subarray(0, 2 * PART + 1)

interface Rig extends AsyncDisposable {
  readonly first: TestBucket
  readonly second: TestBucket
  /** In front of the second store. */
  readonly proxy: FaultProxy
  readonly test: TestStore
  begin(timeoutMs: number, bucket?: string): Promise<Upload>
}

async function openRig(): Promise<Rig> {
  await using opened = new AsyncDisposableStack()
  const first = opened.use(await createBucket(lab))
  const second = opened.use(await createBucket(lab))
  const proxy = opened.use(await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port) }))
  const test = openStore(lab.s3, first.name)
  opened.defer(() => test[Symbol.dispose]())
  const undo = opened.move()
  return {
    first,
    second,
    proxy,
    test,
    begin: (timeoutMs, bucket = second.name) => {
      const config = { ...test.store.config, bucket, endpoint: proxy.url }
      const copy = { config, key: COPY_KEY, storageClass: 'STANDARD', compatibility: 'auto' as const }
      return beginUpload(test.store, { ...requestOf('auto'), copies: { stores: [copy], timeoutMs } })
    },
    [Symbol.asyncDispose]: () => undo.disposeAsync(),
  }
}

async function sendFirst(upload: Upload, bytes: Buffer) {
  const content = await upload.write(fromReadable(inPieces(bytes)))
  await upload.complete(content)
  upload.keep()
  return content
}

function only({ copies: [copy] }: Upload): UploadCopy {
  if (copy === undefined) throw new Error('There is no copy')
  return copy
}

async function finish(copy: UploadCopy, content: Awaited<ReturnType<typeof sendFirst>>): Promise<void> {
  await copy.finish(async upload => {
    await upload.complete(content)
    upload.keep()
  })
}

describe('a copy of an upload', () => {
  it('has the same bytes in another store', async () => {
    await using rig = await openRig()
    {
      await using upload = await rig.begin(60_000)
      const content = await sendFirst(upload, LONG)
      expect(await rig.second.list()).toEqual([])
      await finish(only(upload), content)
    }
    expect((await rig.first.read(KEY)).equals(LONG)).toBe(true)
    expect((await rig.second.read(COPY_KEY)).equals(LONG)).toBe(true)
    expect(await rig.second.listMultipartUploads()).toEqual([])
  })

  it('that is slower than copy-timeout allows is given up, and the first is good', async () => {
    await using rig = await openRig()
    rig.proxy.bytesPerSecondUp = 1_000_000
    const startedAt = performance.now()
    {
      await using upload = await rig.begin(1500)
      const content = await sendFirst(upload, LONG)
      const copy = only(upload)
      await expect(finish(copy, content)).rejects.toMatchObject({
        code: 'COPY_FAILED',
        message: expect.stringContaining('waited 1.5 s'),
      })
      expect(await copy.discard()).toBeUndefined()
    }
    // A part takes the copy 16 s.
    expect(performance.now() - startedAt).toBeLessThan(12_000)
    expect((await rig.first.read(KEY)).equals(LONG)).toBe(true)
    await expectNothing(rig.second)
  }, 30_000)

  it('that is a little slower is waited for', async () => {
    await using rig = await openRig()
    rig.proxy.bytesPerSecondUp = 20_000_000
    {
      await using upload = await rig.begin(60_000)
      const content = await sendFirst(upload, LONG)
      await finish(only(upload), content)
    }
    expect((await rig.second.read(COPY_KEY)).equals(LONG)).toBe(true)
  }, 60_000)

  it('whose store is killed is named, and removed when the store is back', async () => {
    await using rig = await openRig()
    rig.proxy.bytesPerSecondUp = 2_000_000
    await using upload = await rig.begin(1000)
    setTimeout(() => rig.proxy.refuse(), 300)

    const content = await sendFirst(upload, LONG)

    const copy = only(upload)
    await expect(finish(copy, content)).rejects.toMatchObject({
      message: expect.stringMatching(/send part \d+ of copies.*ECONN/),
    })
    rig.proxy.resume()
    expect(await copy.discard()).toBeUndefined()
    expect((await rig.first.read(KEY)).equals(LONG)).toBe(true)
    await expectNothing(rig.second)
  }, 30_000)

  it('that cannot begin costs the first nothing', async () => {
    await using rig = await openRig()
    await using upload = await rig.begin(60_000, 'no-such-bucket-anywhere')

    const content = await sendFirst(upload, SHORT)

    await expect(finish(only(upload), content)).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' })
    expect((await rig.first.read(KEY)).equals(SHORT)).toBe(true)
  })

  it('goes away with a first that fails', async () => {
    await using rig = await openRig()
    const source = new Readable({ read() {} })
    source.push(SHORT)
    setTimeout(() => source.destroy(new Error('the pipe broke')), 300)
    {
      await using upload = await rig.begin(60_000)
      await expect(upload.write(fromReadable(source))).rejects.toThrow('the pipe broke')
    }
    await expectNothing(rig.first)
    await expectNothing(rig.second)
  })
})
