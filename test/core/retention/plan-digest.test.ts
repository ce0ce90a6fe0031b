import { describe, expect, it } from 'vitest'
import { type Doomed, planDigest } from '../../../src/core/retention/plan-digest.ts'

const OBJECT = { key: 'a', versionIds: ['1'], etag: '"e"', bytes: 1 }
const DOOMED: Doomed = { id: 'x', manifest: OBJECT, archive: OBJECT }

describe('the digest of deletions', () => {
  it('is short, and the same for the same plan', () => {
    expect(planDigest('b', [DOOMED])).toMatch(/^[0-9a-f]{16}$/)
    expect(planDigest('b', [structuredClone(DOOMED)])).toBe(planDigest('b', [DOOMED]))
  })

  it.each<[string, string, readonly Doomed[]]>([
    ['another version', 'b', [{ ...DOOMED, archive: { ...OBJECT, versionIds: ['2'] } }]],
    ['one more version', 'b', [{ ...DOOMED, archive: { ...OBJECT, versionIds: ['1', '0'] } }]],
    ['versions in a store without any', 'b', [{ ...DOOMED, archive: { ...OBJECT, versionIds: [null] } }]],
    ['another key', 'b', [{ ...DOOMED, archive: { ...OBJECT, key: 'b' } }]],
    ['other bytes', 'b', [{ ...DOOMED, archive: { ...OBJECT, bytes: 2 } }]],
    ['another ETag', 'b', [{ ...DOOMED, archive: { ...OBJECT, etag: '"f"' } }]],
    ['a manifest that is gone', 'b', [{ ...DOOMED, manifest: null }]],
    ['another backup', 'b', [{ ...DOOMED, id: 'y' }]],
    ['one backup more', 'b', [DOOMED, DOOMED]],
    ['nothing', 'b', []],
    ['another bucket', 'c', [DOOMED]],
  ])('changes with %s', (_, bucket, doomed) => {
    expect(planDigest(bucket, doomed)).not.toBe(planDigest('b', [DOOMED]))
  })
})
