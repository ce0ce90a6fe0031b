import { describe, expect, it } from 'vitest'
import { type Proofs, proofFindings } from '../../../src/core/posture/proof-findings.ts'

const GOOD: Proofs = { anonymousRandom: 403, anonymousProbe: 403, secondPut: 'refused', remove: 'refused' }
const verdicts = (more: Partial<Proofs>) => proofFindings({ ...GOOD, ...more }).map(({ verdict }) => verdict)

describe('the proofs', () => {
  it('pass where everything is refused', () => {
    expect(proofFindings(GOOD).map(({ check, verdict }) => [check, verdict])).toEqual([
      ['proof: anonymous read', 'pass'],
      ['proof: no overwrite', 'pass'],
      ['proof: no delete', 'pass'],
    ])
  })

  it.each<[number | null, number | null, string, string]>([
    [403, null, 'pass', 'refused: 403'],
    [401, null, 'pass', 'refused: 401'],
    [400, null, 'pass', 'refused: 400'],
    [404, null, 'fail', 'tells anyone whether a key is there'],
    [200, null, 'fail', 'was answered: 200'],
    [301, null, 'fail', 'was answered: 301'],
    [500, null, 'fail', 'was answered: 500'],
    [null, null, 'not-measured', 'had no answer'],
    [null, 200, 'fail', 'Anyone can read'],
    [403, 200, 'fail', 'Anyone can read'],
    [403, 404, 'pass', 'refused: 403'],
  ])('of anonymous reads that answer %s and %s are %s', (anonymousRandom, anonymousProbe, verdict, words) => {
    const [finding] = proofFindings({ ...GOOD, anonymousRandom, anonymousProbe })
    expect(finding).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
  })

  it.each([
    ['accepted', 'fail'],
    ['denied', 'not-measured'],
    ['unknown-call', 'not-applicable'],
  ] as const)('of a second PUT that is %s are %s', (secondPut, verdict) => {
    expect(verdicts({ secondPut })).toEqual(['pass', verdict, 'pass'])
  })

  it.each([
    ['accepted', 'fail'],
    ['not-tried', 'not-measured'],
  ] as const)('of a DELETE that is %s are %s', (remove, verdict) => {
    expect(verdicts({ remove })).toEqual(['pass', 'pass', verdict])
  })
})
