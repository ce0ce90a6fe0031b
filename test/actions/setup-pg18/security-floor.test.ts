import { describe, expect, it } from 'vitest'
import { checkSecurityFloor } from '../../../src/actions/setup-pg18/security-floor.ts'
import type { Installation } from '../../../src/postgres/install/installation.ts'
import { rememberingLog } from '../../support/install/silent-log.ts'

const made = (minor: number): Installation => ({
  version: { major: 18, minor },
  binDir: '/bin',
  source: 'apt',
  origin: 'Debian forky',
  cacheHit: false,
})

describe('the security floor', () => {
  it('is not mentioned by tools at it', () => {
    const log = rememberingLog()
    for (const policy of ['warn', 'fail', 'off'] as const) checkSecurityFloor(made(7), policy, log)
    expect(log.lines).toEqual([])
  })

  it('warns with the reason and the way out', () => {
    const log = rememberingLog()
    checkSecurityFloor(made(6), 'warn', log)
    expect(log.lines).toEqual([
      'warning: PostgreSQL 18.6 from Debian forky is below the security floor 18.7: a crafted archive can make its ' +
        'pg_restore run code (CVE-2026-116314). Use a source that carries 18.7 or newer; security-floor: off silences this.',
    ])
  })

  it('fails when it is strict', () => {
    expect(() => checkSecurityFloor(made(6), 'fail', rememberingLog())).toThrow(
      expect.objectContaining({ code: 'TOOL_TOO_OLD' }),
    )
  })

  it('is silent when it is off', () => {
    const log = rememberingLog()
    checkSecurityFloor(made(6), 'off', log)
    expect(log.lines).toEqual([])
  })
})
