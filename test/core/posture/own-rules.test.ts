import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lifecycleDifference } from '../../../src/core/posture/lifecycle-findings.ts'
import {
  archivesPrefix,
  basePrefix,
  isOwn,
  ownRules,
  withOwn,
  withoutOwn,
} from '../../../src/core/posture/own-rules.ts'
import { renderLifecycle } from '../../../src/core/posture/rule-xml.ts'
import { anyGoal, anyStored, GOAL, toFilter } from '../../support/samples/lifecycle.ts'

describe('merging our rules', () => {
  it('and taking them out again leaves the rules of others byte for byte', () => {
    fc.assert(
      fc.property(anyStored, anyGoal, (stored, goal) => {
        const foreign = stored.filter(({ rule }) => !isOwn(rule, goal))
        expect(withoutOwn(withOwn(foreign, goal), goal)).toEqual(foreign)
        // Also where older rules of ours stand between them.
        const merged = withOwn(stored, goal)
        expect(merged.slice(0, foreign.length)).toEqual(foreign)
        expect(renderLifecycle(merged)).toContain(foreign.map(({ xml }) => xml).join(''))
      }),
      { numRuns: 2000 },
    )
  })

  it('twice is the same as once, and shows no difference', () => {
    fc.assert(
      fc.property(anyStored, anyGoal, (stored, goal) => {
        const once = withOwn(stored, goal)
        expect(withOwn(once, goal)).toEqual(once)
        expect(lifecycleDifference(once, goal)).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  it('recognises our rules in any number of days and under any ID', () => {
    fc.assert(
      fc.property(anyGoal, anyGoal, fc.string(), (goal, other, ID) => {
        for (const { rule } of ownRules({ ...goal, prefix: other.prefix }))
          expect(isOwn({ ...rule, ID }, other)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('never takes a rule for ours that does more, is disabled, or looks at tags', () => {
    const [archives] = ownRules(GOAL)
    const rule = archives?.rule ?? {}
    expect(isOwn({ ...rule, Expiration: { Days: 400 } }, GOAL)).toBe(false)
    expect(isOwn({ ...rule, Status: 'Disabled' }, GOAL)).toBe(false)
    expect(isOwn({ ...rule, Filter: toFilter('prod/archives/', true, undefined) }, GOAL)).toBe(false)
    expect(isOwn({ ...rule, Filter: { Prefix: 'prod/archives/app/' } }, GOAL)).toBe(false)
  })
})

describe('our rules', () => {
  it('have IDs of their own, at most 255 characters long', () => {
    const ids = ownRules({ ...GOAL, prefix: 'p'.repeat(300) }).map(({ rule }) => rule.ID ?? '')
    expect(new Set(ids).size).toBe(3)
    expect(ids.every(id => id.length <= 255)).toBe(true)
    expect(ownRules(GOAL).map(({ rule }) => rule.ID)).toEqual([
      'pg-runbook-archives-prod',
      'pg-runbook-uploads-prod',
      'pg-runbook-versions-prod',
    ])
  })

  it('move archives only where the goal says so', () => {
    const actions = ownRules({ ...GOAL, glacierDays: undefined }).map(({ action }) => action)
    expect(actions).toEqual(['AbortIncompleteMultipartUpload', 'NoncurrentVersionExpiration'])
  })

  it.each([
    ['', '', 'archives/'],
    ['a/b', 'a/b/', 'a/b/archives/'],
  ])('lie below prefix %j', (prefix, base, archives) => {
    expect([basePrefix({ prefix }), archivesPrefix({ prefix })]).toEqual([base, archives])
  })

  it('are not taken for ours when they do nothing', () => {
    expect(isOwn({ Status: 'Enabled', Filter: { Prefix: 'prod/archives/' }, Transitions: [] }, GOAL)).toBe(
      false,
    )
  })
})
