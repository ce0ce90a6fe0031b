import { describe, expect, it } from 'vitest'
import { errorMessage, OperatorError } from '../../src/core/errors.ts'
import { type RetryPolicy, retry } from '../../src/net/retry.ts'
import { rememberingLog } from '../support/install/silent-log.ts'

function policy(changes: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    firstDelayMs: 1,
    longestDelayMs: 2,
    leftMs: () => 1000,
    mayRepeat: () => true,
    describe: errorMessage,
    log: rememberingLog(),
    signal: undefined,
    ...changes,
  }
}

/** Fails so often, then gives how often it was called. */
function failing(times: number) {
  let calls = 0
  return async () => {
    calls += 1
    if (calls <= times) throw new Error(`failure ${calls}`)
    return calls
  }
}

describe('a repeated request', () => {
  it('passes in the end, with a line for each failure', async () => {
    const log = rememberingLog()
    expect(await retry('read it', failing(3), policy({ log }))).toBe(4)
    expect(log.lines).toEqual(
      [1, 2, 3].map(n => expect.stringMatching(`read it: failure ${n}; trying again in 0.0 s`)),
    )
  })

  it('is not repeated where that cannot help', async () => {
    await expect(retry('read it', failing(1), policy({ mayRepeat: () => false }))).rejects.toThrow(
      'failure 1',
    )
  })

  it('gives up with its last error when patience ends', async () => {
    const leftMs = (failingMs: number) => 20 - failingMs
    const attempt = retry('read it', failing(1000), policy({ leftMs, mayRepeat: () => 5 }))
    await expect(attempt).rejects.toThrow(/^failure [2-9]/)
  })

  it('waits as long as the server asks for', async () => {
    const startedAt = performance.now()
    await retry('read it', failing(1), policy({ mayRepeat: () => 50 }))
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(45)
  })

  it('ends in a pause when it is cancelled, and says what it was waiting for', async () => {
    const job = new AbortController()
    const reason = new OperatorError('TIMED_OUT', 'The step took longer than 1 h.', {
      hint: 'Raise timeout.',
    })
    setTimeout(() => job.abort(reason), 30)
    await expect(
      retry('read it', failing(9), policy({ signal: job.signal, mayRepeat: () => 900 })),
    ).rejects.toMatchObject({
      code: 'TIMED_OUT',
      message: 'The step took longer than 1 h. It was waiting to read it: failure 1.',
      hint: 'Raise timeout.',
    })
  })

  it('does not begin after a cancellation', async () => {
    const reason = new Error('cancelled')
    const attempt = retry('read it', failing(0), policy({ signal: AbortSignal.abort(reason) }))
    await expect(attempt).rejects.toBe(reason)
  })
})
