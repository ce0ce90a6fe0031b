import { describe, expect, it } from 'vitest'
import { type ApprovedPlan, parsePlanDigest, planDigest } from '../../../src/core/restore/plan-digest.ts'

const PLAN: ApprovedPlan = {
  address: { host: 'db.example', port: 5432 },
  target: { database: 'logi', systemIdentifier: '7301', owner: 'logi' },
  manifestSha256: 'a'.repeat(64),
  archiveSha256: 'b'.repeat(64),
  mode: 'overwrite',
  scope: { of: 'everything' },
}

describe('the digest of a plan', () => {
  it('is the same for the same plan, and can be parsed', () => {
    const digest = planDigest(structuredClone(PLAN))
    expect(digest).toBe(planDigest(PLAN))
    expect(parsePlanDigest(digest)).toBe(digest)
  })

  it.each<[string, Partial<ApprovedPlan>]>([
    ['host', { address: { host: 'other.example', port: 5432 } }],
    ['port', { address: { host: 'db.example', port: 5433 } }],
    ['database', { target: { ...PLAN.target, database: 'other' } }],
    ['system identifier', { target: { ...PLAN.target, systemIdentifier: '7302' } }],
    ['unknown system identifier', { target: { ...PLAN.target, systemIdentifier: null } }],
    ['owner', { target: { ...PLAN.target, owner: 'mallory' } }],
    ['archive', { archiveSha256: 'f'.repeat(64) }],
    ['manifest', { manifestSha256: 'f'.repeat(64) }],
    ['mode', { mode: 'swap' }],
    ['selection', { scope: { of: 'rows', tables: [{ schema: 'public', name: 'users' }] } }],
  ])('is another for another %s', (_, change) => {
    expect(planDigest({ ...PLAN, ...change })).not.toBe(planDigest(PLAN))
  })

  it.each(['', 'latest', 'F'.repeat(64), '0'.repeat(63)])('does not parse "%s"', text => {
    expect(() => parsePlanDigest(text)).toThrow(RangeError)
  })
})
