import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { askForThaw, findSleeping, type SleepingArchive } from '../../src/storage/thaw.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { theLab } from '../support/lab.ts'
import { SAMPLE } from '../support/samples/manifest.ts'
import { MeddlingProxy, s3Error } from '../support/storage/meddling-proxy.ts'
import { openStore } from '../support/storage/test-store.ts'

const SLEEPING: SleepingArchive = {
  key: 'archives/a.dump',
  versionId: null,
  storageClass: 'GLACIER',
  isUnderWay: false,
}

/** As AWS answers; the requests to the store behind are real. */
describe('an archive in cold storage', () => {
  const lab = theLab()

  async function put(bucket: TestBucket, StorageClass: 'GLACIER' | 'STANDARD_IA') {
    const { ETag = '' } = await bucket.client.send(
      new PutObjectCommand({ Bucket: bucket.name, Key: SLEEPING.key, Body: 'archive', StorageClass }),
    )
    return { ...SAMPLE.object, key: SLEEPING.key, versionId: null, etag: ETag, bytes: 7 }
  }

  it('is found when a byte of it cannot be read', async () => {
    await using bucket = await createBucket(lab)
    const archive = await put(bucket, 'GLACIER')
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({
      method: 'GET',
      path: /a\.dump/,
      answer: { status: 403, body: s3Error('InvalidObjectState') },
    })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })

    expect(await findSleeping(test.store, archive)).toEqual(SLEEPING)
    // A store whose GLACIER is only a label.
    expect(await findSleeping(test.store, archive)).toBeUndefined()
  })

  it('is not looked for with a second request in a class that is read at once', async () => {
    await using bucket = await createBucket(lab)
    const archive = await put(bucket, 'STANDARD_IA')
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })

    expect(await findSleeping(test.store, archive)).toBeUndefined()
    expect(proxy.seen.map(({ method }) => method)).toEqual(['HEAD'])
  })

  it.each([
    ['goes on when another request is under way', 409, 'RestoreAlreadyInProgress', undefined],
    ['names the right that is missing', 403, 'AccessDenied', /^Allow s3:RestoreObject/],
    [
      'does not wait for fast retrievals',
      503,
      'GlacierExpeditedRetrievalNotAvailable',
      /Set thaw to standard/,
    ],
  ])('%s', async (_, status, code, hint) => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'POST', path: /\?restore/, times: 9, answer: { status, body: s3Error(code) } })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })

    const asked = askForThaw(test.store, SLEEPING, 'expedited')

    if (hint === undefined) await asked
    else await expect(asked).rejects.toMatchObject({ hint: expect.stringMatching(hint) })
    // The SDK repeats a request twice; nothing else does.
    expect(proxy.seen.length).toBeLessThan(4)
  })
})
