import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { withDeadline } from '../../src/runner/deadline.ts'

describe('a deadline', () => {
  it('aborts with the timeout that was set when the time is up', async () => {
    const signal = withDeadline(new AbortController().signal, 20)
    expect(signal.aborted).toBe(false)
    await setTimeout(60)
    expect(signal.reason).toMatchObject({
      code: 'TIMED_OUT',
      message: 'The step was not done within its timeout of 0.0 s.',
    })
  })

  it('passes on a cancelled job with its own reason', () => {
    const job = new AbortController()
    const signal = withDeadline(job.signal, 60_000)
    job.abort('cancelled')
    expect(signal.reason).toBe('cancelled')
  })

  it('does not fire at once when it is further away than a timer can be set for', async () => {
    const signal = withDeadline(new AbortController().signal, 90 * 86_400_000)
    await setTimeout(60)
    expect(signal.aborted).toBe(false)
  })
})
