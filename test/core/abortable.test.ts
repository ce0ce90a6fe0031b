import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { abortable } from '../../src/core/abortable.ts'

describe('work that can be aborted', () => {
  const reason = new Error('cancelled')

  it('gives its value or its failure, and leaves no listener', async () => {
    const { signal } = new AbortController()
    expect(await abortable(signal, Promise.resolve(7))).toBe(7)
    await expect(abortable(signal, Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('rejects with the reason once the signal is aborted, and drops a later failure', async () => {
    const job = new AbortController()
    const work = Promise.withResolvers<never>()
    const waiting = abortable(job.signal, work.promise)
    job.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    work.reject(new Error('too late'))
    expect(getEventListeners(job.signal, 'abort')).toHaveLength(0)
  })

  it('rejects at once where the signal was aborted before', async () => {
    await expect(abortable(AbortSignal.abort(reason), new Promise(() => {}))).rejects.toBe(reason)
  })
})
