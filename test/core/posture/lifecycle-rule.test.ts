import { describe, expect, it } from 'vitest'
import {
  actionsOf,
  coversAll,
  type LifecycleRule,
  mayTouch,
  meaningOf,
  meansTheSame,
  prefixOf,
} from '../../../src/core/posture/lifecycle-rule.ts'
import { toFilter } from '../../support/samples/lifecycle.ts'

describe('a lifecycle rule', () => {
  it('means the same without an ID, in any order, with the older form of a prefix', () => {
    const a: LifecycleRule = { ID: 'a', Status: 'Enabled', Filter: { Prefix: 'x/' }, Expiration: { Days: 1 } }
    const b: LifecycleRule = { Status: 'Enabled', Prefix: 'x/', Expiration: { Days: 1 } }
    const c: LifecycleRule = { Status: 'Enabled', Filter: {}, Expiration: { Days: 2 } }
    expect(meansTheSame([a, c], [c, b])).toBe(true)
    expect(meansTheSame([a, c], [a])).toBe(false)
    expect(meansTheSame([a], [{ ...a, Expiration: { Days: 2 } }])).toBe(false)
  })

  it.each<[LifecycleRule, string]>([
    [{}, ''],
    [{ Prefix: 'old/' }, 'old/'],
    [{ Filter: { Prefix: 'new/' }, Prefix: '' }, 'new/'],
    [{ Filter: { And: { Prefix: 'both/' } } }, 'both/'],
  ])('%j is about prefix %j', (rule, prefix) => {
    expect(prefixOf(rule)).toBe(prefix)
  })

  it.each<[string, LifecycleRule, boolean, boolean]>([
    ['of the whole bucket', { Filter: {} }, true, true],
    ['of a prefix above', { Prefix: 'prod/' }, true, true],
    ['of a prefix below', { Prefix: 'prod/archives/app/' }, false, true],
    ['of another prefix', { Prefix: 'logs/' }, false, false],
    ['that is off', { Status: 'Disabled', Filter: {} }, false, false],
    ['for a tag', { Filter: { Tag: { Key: 'a', Value: 'b' } } }, false, false],
    ['for a tag and a prefix', { Filter: toFilter('prod/', true, undefined) }, false, false],
    ['for large objects', { Filter: { ObjectSizeGreaterThan: 0 } }, false, true],
    [
      'for small ones below a prefix',
      { Filter: { And: { Prefix: 'prod/', ObjectSizeLessThan: 9 } } },
      false,
      true,
    ],
  ])('%s covers archives: %s, may touch some: %s', (_, rule, covers, touches) => {
    const enabled = { Status: 'Enabled', ...rule }
    expect(coversAll(enabled, 'prod/archives/')).toBe(covers)
    expect(mayTouch(enabled, 'prod/archives/')).toBe(touches)
  })

  it('does what it has actions for; an empty list is none', () => {
    expect(actionsOf({ ID: 'a', Transitions: [], NoncurrentVersionTransitions: [{}] })).toEqual([
      'NoncurrentVersionTransitions',
    ])
    expect(actionsOf({ Expiration: {}, AbortIncompleteMultipartUpload: {} })).toEqual([
      'Expiration',
      'AbortIncompleteMultipartUpload',
    ])
  })

  it('means something else for a tag, whichever form it has, and for a size', () => {
    const tag = { Key: 'a', Value: 'b' }
    const [one, both, plain, size] = [
      { Filter: { Tag: tag } },
      { Filter: { And: { Tags: [tag] } } },
      { Filter: {} },
      { Filter: { ObjectSizeLessThan: 9 } },
    ].map(meaningOf)
    expect(both).toBe(one)
    expect(new Set([one, plain, size]).size).toBe(3)
  })
})
