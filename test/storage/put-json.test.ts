import { describe, expect, it } from 'vitest'
import { OperatorError } from '../../src/core/errors.ts'
import { createBucket } from '../support/bucket.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { theLab } from '../support/lab.ts'
import { MeddlingProxy, s3Error } from '../support/storage/meddling-proxy.ts'
import { openStore } from '../support/storage/test-store.ts'

const lab = theLab()
/** What a store says that did not write. */
const REFUSED = Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } })

describe('a small object', () => {
  it.each([
    ['is told that conditions are not implemented', 501, s3Error('NotImplemented')],
    ['is refused for its condition', 400, s3Error('InvalidArgument', 'Unsupported header: If-None-Match')],
    ['meets another writer', 409, s3Error('ConditionalRequestConflict')],
  ])('is written when it %s', async (_, status, body) => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'PUT', path: /a.json/, answer: { status, body } })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })

    await test.store.putJson('a.json', '{}')

    expect((await bucket.read('a.json')).toString()).toBe('{}')
  })

  it('is not written without its condition because something else about it was wrong', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'PUT', path: /a.json/, answer: { status: 400, body: s3Error('InvalidRequest') } })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })

    await expect(test.store.putJson('a.json', '{}')).rejects.toMatchObject({ code: 'STORE_FAILED' })

    expect(proxy.seen.filter(({ method }) => method === 'PUT')).toHaveLength(1)
  })

  it('whose answer is under way when the job is cancelled is written', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'PUT', path: /a.json/, holdAnswerMs: 1000 })
    const job = new AbortController()
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url, signal: job.signal })
    setTimeout(() => job.abort(new OperatorError('CANCELLED', 'The job was cancelled.')), 300)

    await test.store.putJson('a.json', '{}')

    expect(await bucket.list()).toEqual(['a.json'])
  })
})

describe('clean-up', () => {
  it('ends 5 s after a cancellation that comes while a request is under way', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port) })
    const job = new AbortController()
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url, signal: job.signal })
    proxy.blackhole()
    setTimeout(() => job.abort(new OperatorError('TIMED_OUT', 'The step took longer than 1 h.')), 500)
    const startedAt = performance.now()

    const removals = ['a.json', 'b.json'].map(key => test.store.remove(key, null))
    for (const removal of removals) await expect(removal).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    await expect(test.store.remove('c.json', null)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })

    expect(performance.now() - startedAt).toBeLessThan(7500)
  }, 90_000)

  it('is not certain of a write without an answer after a cancellation', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name, { signal: AbortSignal.abort() })
    const lost = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
    expect(await test.store.removeForSure('a.json', lost)).toBe(false)
    expect(await test.store.removeForSure('a.json', REFUSED)).toBe(true)
  })

  it('says whether an object is certainly not there', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    await test.store.putJson('a.json', '{}')

    expect(await test.store.removeForSure('a.json', REFUSED)).toBe(true)
    expect(await bucket.list()).toEqual([])
    expect(await test.store.removeForSure('a.json', REFUSED)).toBe(true)
    proxy.meddle({ method: 'HEAD', path: /a.json/, answer: { status: 403, body: '' } })
    expect(await test.store.removeForSure('a.json', REFUSED)).toBe(false)
  })
})
