import { describe, expect, it, test } from 'vitest'
import { dangerousRules, goalProblem } from '../../../src/core/posture/dangerous-rules.ts'
import type { LifecycleRule, StoredRule } from '../../../src/core/posture/lifecycle-rule.ts'
import { withOwn } from '../../../src/core/posture/own-rules.ts'
import { GOAL } from '../../support/samples/lifecycle.ts'

describe('rules of others', () => {
  const stored = (rule: LifecycleRule): readonly StoredRule[] => [
    { rule: { Status: 'Enabled', ...rule }, xml: '' },
  ]

  test.each<[string, LifecycleRule]>([
    ['expire the whole bucket', { Filter: {}, Expiration: { Days: 365 } }],
    [
      'expire archives of one database',
      { Filter: { Prefix: 'prod/archives/app/' }, Expiration: { Days: 9 } },
    ],
    ['expire manifests on a day', { Prefix: 'prod/mani', Expiration: { Date: new Date(0) } }],
    ['move manifests to Glacier', { Filter: {}, Transitions: [{ Days: 9, StorageClass: 'DEEP_ARCHIVE' }] }],
    ['abort uploads after a day', { Filter: {}, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }],
    ['expire what is large', { Filter: { ObjectSizeGreaterThan: 1 }, Expiration: { Days: 9 } }],
  ])('that %s are dangerous', (_, rule) => {
    expect(dangerousRules(stored(rule), GOAL)).toHaveLength(1)
  })

  test.each<[string, LifecycleRule]>([
    ['expire another prefix', { Filter: { Prefix: 'logs/' }, Expiration: { Days: 1 } }],
    ['are disabled', { Status: 'Disabled', Filter: {}, Expiration: { Days: 1 } }],
    ['clean up delete markers', { Filter: {}, Expiration: { ExpiredObjectDeleteMarker: true } }],
    ['expire what is tagged', { Filter: { Tag: { Key: 'a', Value: 'b' } }, Expiration: { Days: 1 } }],
    [
      'move archives to STANDARD_IA',
      { Filter: {}, Transitions: [{ Days: 30, StorageClass: 'STANDARD_IA' }] },
    ],
  ])('that %s are not', (_, rule) => {
    expect(dangerousRules(stored(rule), GOAL)).toEqual([])
  })

  it('are named with what they do to which keys', () => {
    const rule = { ID: 'x', Prefix: 'prod/mani', Expiration: { Days: 1 } }
    expect(dangerousRules(stored(rule), GOAL)).toEqual([
      'The rule "x" (prefix "prod/mani") deletes objects in prod/manifests/ after 1 day, the last good backup included.',
    ])
    const abort = { ID: 'y', Filter: {}, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }
    expect(dangerousRules(stored(abort), GOAL)).toEqual([
      'The rule "y" (prefix "") aborts uploads after 1 day: a dump that takes longer is lost.',
    ])
  })

  it('are never ours', () => {
    expect(dangerousRules(withOwn([], GOAL), GOAL)).toEqual([])
  })
})

test.each([
  [30, 119, 'is 119 days, but GLACIER after 30 days is billed until day 120'],
  [30, 120, undefined],
  [undefined, 7, undefined],
  [30, undefined, undefined],
  [1, 1, 'is 1 day, but GLACIER after 1 day is billed until day 91'],
])('archives that sleep after %s days and are kept for %d', (glacierDays, keptDays, problem) => {
  expect(goalProblem({ ...GOAL, glacierDays }, keptDays)).toBe(problem)
})
