import { describe, expect, it, test } from 'vitest'
import { isKnownStatus, judgeDeploy, judgeStatus } from '../../../src/core/render/database-status.ts'

describe('a status', () => {
  test.each([
    ['available', 'not_suspended', 'ready'],
    ['available', 'suspended', 'wait'],
    ['unknown', 'not_suspended', 'wait'],
    ['something_new', 'not_suspended', 'wait'],
    ['recovery_failed', 'not_suspended', 'failed'],
    // No wait ends a recovery that failed.
    ['recovery_failed', 'suspended', 'failed'],
    ['suspended', '', 'wait'],
    ['', '', 'wait'],
  ] as const)('%s, %s means %s', (status, suspended, verdict) => {
    expect(judgeStatus({ status, suspended })).toBe(verdict)
  })

  it('is known or not, and neither ends a wait', () => {
    expect(isKnownStatus('recovery_in_progress')).toBe(true)
    expect(isKnownStatus('something_new')).toBe(false)
  })

  test.each([
    ['live', 'live'],
    ['deactivated', 'live'],
    ['build_failed', 'failed'],
    ['update_failed', 'failed'],
    ['canceled', 'failed'],
    ['cancelled', 'failed'],
    ['', undefined],
    ['queued', undefined],
    ['something_new', undefined],
  ])('of a deploy %s means %s', (status, verdict) => {
    expect(judgeDeploy(status)).toBe(verdict)
  })
})
