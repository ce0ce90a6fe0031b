import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { CHECK_GROUPS, CHECK_VERDICTS, type Check, verdictOf } from '../../../src/core/checks/check.ts'

function one(group: Check['group'], verdict: Check['verdict']): Check {
  return { group, name: 'a', verdict, expected: 'b', found: 'c', note: null }
}

const anyCheck = fc
  .tuple(fc.constantFrom(...CHECK_GROUPS), fc.constantFrom(...CHECK_VERDICTS))
  .map(pair => one(...pair))

describe('the verdict of a drill', () => {
  test.each<[string, readonly Check[], string]>([
    ['no check at all', [], 'not-measured'],
    ['a comparison that passes', [one('exact', 'pass')], 'pass'],
    ['a criterion that passes', [one('criteria', 'pass')], 'pass'],
    ['nothing but structure', [one('restore', 'pass'), one('structure', 'pass')], 'not-measured'],
    ['nothing but a smoke command', [one('smoke', 'pass')], 'not-measured'],
    ['nothing but information', [one('structure', 'information')], 'not-measured'],
    ['no counts in the manifest', [one('exact', 'not-measured'), one('structure', 'pass')], 'not-measured'],
    ['no counts, but a criterion', [one('exact', 'not-measured'), one('criteria', 'pass')], 'pass'],
    [
      'a criterion that was not measured',
      [one('exact', 'pass'), one('criteria', 'not-measured')],
      'not-measured',
    ],
    [
      'a smoke command that did not run',
      [one('exact', 'pass'), one('smoke', 'not-measured')],
      'not-measured',
    ],
    ['information beside what passes', [one('exact', 'pass'), one('structure', 'information')], 'pass'],
  ])('%s', (_, checks, verdict) => {
    expect(verdictOf(checks)).toBe(verdict)
  })

  it('is fail as soon as one check fails, whatever the others say', () => {
    fc.assert(
      fc.property(fc.array(anyCheck), fc.constantFrom(...CHECK_GROUPS), fc.nat(), (others, group, at) => {
        expect(verdictOf(others.toSpliced(at % (others.length + 1), 0, one(group, 'fail')))).toBe('fail')
      }),
    )
  })

  it('never is pass without a passing check of data', () => {
    fc.assert(
      fc.property(fc.array(anyCheck), checks => {
        const measured = checks.some(
          c => c.verdict === 'pass' && (c.group === 'exact' || c.group === 'criteria'),
        )
        expect(verdictOf(checks) === 'pass' && !measured).toBe(false)
      }),
    )
  })
})
