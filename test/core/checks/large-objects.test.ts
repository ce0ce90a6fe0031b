import { describe, expect, it, test } from 'vitest'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import { exactChecks } from '../../../src/core/checks/compare-manifest.ts'
import { restored, withFingerprint } from '../../support/exact-checks.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'

describe('large objects', () => {
  const objects = { ...restored().objects, largeObjects: 2 }
  const known = withFingerprint({ objects, largeObjectsHash: 'a'.repeat(32) })
  const judge = (expected: Manifest, largeObjectsHash: string | null) =>
    exactChecks(expected, restored({ objects, largeObjectsHash })).find(
      ({ name }) => name === 'large objects',
    )

  it('of the same bytes pass, and of others fail', () => {
    expect(judge(known, 'a'.repeat(32))?.verdict).toBe('pass')
    expect(judge(known, 'b'.repeat(32))).toMatchObject({ verdict: 'fail', found: 'content bbbbbbbbbbbb' })
  })

  test.each([
    ['the manifest is older', withFingerprint({ objects }), 'b', 'an older pg-runbook'],
    ['only rows were counted', withFingerprint({ objects, level: 'counts' }), null, 'fingerprint: content'],
    ['they cannot be read', known, null, 'may not read'],
  ])('are mentioned where %s', (_, expected, hash, why) => {
    expect(judge(expected, hash)).toMatchObject({
      verdict: 'information',
      found: 'their content was not compared',
      note: expect.stringContaining(why),
    })
  })

  it('are not mentioned where there are none', () => {
    expect(exactChecks(SAMPLE, restored()).some(({ name }) => name === 'large objects')).toBe(false)
  })
})
