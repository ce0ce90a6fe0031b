import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { isInForce, type Pin, parsePin, renderPin, renderPinReason } from '../../../src/core/retention/pin.ts'
import { schemaViolations } from '../../support/json-schema.ts'

function pinUntil(until: string | null): Pin {
  return {
    version: 1,
    pin: {
      backupId: '20261101T031500Z-daily-1a2b3c4d',
      database: 'logi',
      reason: 'audit of 2026',
      by: 'octocat',
      at: '2026-11-02T00:00:00.000Z',
      until,
    },
    run: { repository: 'logi/db', workflow: 'pin', runId: '1', runAttempt: '1', commit: 'abc' },
  }
}

describe('a pin', () => {
  const UNTIL = '2027-01-01T00:00:00.000Z'

  test.each([null, UNTIL])('until %s comes back from its bytes', until => {
    expect(parsePin(renderPin(pinUntil(until)), 'x')).toEqual(pinUntil(until))
    const schema = JSON.parse(readFileSync('docs/schemas/pin.json', 'utf8'))
    expect(schemaViolations(schema, JSON.parse(renderPin(pinUntil(until))))).toEqual([])
  })

  test.each([
    [null, '2099-01-01T00:00:00Z', true],
    [UNTIL, '2026-12-31T23:59:59Z', true],
    [UNTIL, '2027-01-01T00:00:00Z', false],
  ])('until %s is in force at %s: %s', (until, now, expected) => {
    expect(isInForce(pinUntil(until), new Date(now))).toBe(expected)
  })

  it('says who pinned the backup, until when, and why', () => {
    expect(renderPinReason(pinUntil(UNTIL))).toBe('pinned by octocat until 2027-01-01: audit of 2026')
    expect(renderPinReason(pinUntil(null))).toBe('pinned by octocat: audit of 2026')
  })

  test.each(['', '{"version": 2}', JSON.stringify({ ...pinUntil(null), pin: { by: 'octocat' } })])(
    'is refused when it is damaged or newer: %s',
    json => {
      expect(() => parsePin(json, 's3://b/pins/k')).toThrow(
        expect.objectContaining({
          code: 'RETENTION_RECORD_INVALID',
          message: expect.stringContaining('s3://b/pins/k'),
        }),
      )
    },
  )
})
