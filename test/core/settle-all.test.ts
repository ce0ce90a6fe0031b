import { describe, expect, it } from 'vitest'
import { settleAll } from '../../src/core/settle-all.ts'

describe('settleAll', () => {
  it('returns every result', async () => {
    expect(await settleAll([Promise.resolve(1), Promise.resolve('two')])).toEqual([1, 'two'])
  })

  it('waits for the others before it fails with the first failure in order', async () => {
    const { promise: slow, reject } = Promise.withResolvers<never>()
    let hasEnded = false
    const settled = settleAll([slow, Promise.reject(new Error('second'))]).finally(() => {
      hasEnded = true
    })
    await new Promise(resolve => setImmediate(resolve))
    expect(hasEnded).toBe(false)
    reject(new Error('first'))
    await expect(settled).rejects.toThrow('first')
  })
})
