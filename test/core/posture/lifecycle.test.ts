import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { dangerousRules, goalProblem } from '../../../src/core/posture/dangerous-rules.ts'
import { lifecycleDifference, lifecycleFindings } from '../../../src/core/posture/lifecycle-findings.ts'
import {
  type LifecycleRule,
  meansTheSame,
  type StoredRule,
} from '../../../src/core/posture/lifecycle-rule.ts'
import {
  isOwn,
  type LifecycleGoal,
  ownRules,
  withOwn,
  withoutOwn,
} from '../../../src/core/posture/own-rules.ts'
import { renderLifecycle, splitRules } from '../../../src/core/posture/rule-xml.ts'

const GOAL: LifecycleGoal = { prefix: 'prod', glacierDays: 30, abortDays: 2, noncurrentDays: 30 }

const anyPrefix = fc.constantFrom(
  '',
  'prod/',
  'prod/archives/',
  'prod/manifests/',
  'logs/',
  'prod/archives/x',
)
const anyDays = fc.integer({ min: 1, max: 400 })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const anyRule: fc.Arbitrary<LifecycleRule> = fc
  .record({
    ID: maybe(fc.string()),
    Status: fc.constantFrom('Enabled', 'Enabled', 'Disabled'),
    filter: fc.record({ Prefix: anyPrefix, tag: fc.boolean(), size: maybe(anyDays), old: fc.boolean() }),
    Expiration: maybe(
      fc.oneof(fc.record({ Days: anyDays }), fc.constant({ ExpiredObjectDeleteMarker: true })),
    ),
    Transitions: maybe(
      fc.array(fc.record({ Days: anyDays, StorageClass: fc.constantFrom('GLACIER', 'STANDARD_IA') }), {
        maxLength: 2,
      }),
    ),
    NoncurrentVersionExpiration: maybe(
      fc.record({ NoncurrentDays: anyDays, NewerNoncurrentVersions: maybe(anyDays) }),
    ),
    AbortIncompleteMultipartUpload: maybe(fc.record({ DaysAfterInitiation: anyDays })),
  })
  .map(({ filter: { Prefix, tag, size, old }, ...rule }) => ({
    ...rule,
    ...(old ? { Prefix } : { Filter: toFilter(Prefix, tag, size) }),
  }))

function toFilter(Prefix: string, hasTag: boolean, size: number | undefined): LifecycleRule['Filter'] {
  if (!hasTag && size === undefined) return { Prefix }
  const Tags = hasTag ? [{ Key: 'retire', Value: 'yes' }] : []
  return { And: { Prefix, Tags, ...(size !== undefined && { ObjectSizeGreaterThan: size }) } }
}

/** The bytes stand for anything that a store may write into a rule, known to us or not. */
const anyStored: fc.Arbitrary<readonly StoredRule[]> = fc.array(
  fc.record({
    rule: anyRule,
    xml: fc.string().map(text => `<Rule><Status/><Vendor>${text.replace(/[<>&]/g, '')}</Vendor></Rule>`),
  }),
  { maxLength: 8 },
)

const anyGoal: fc.Arbitrary<LifecycleGoal> = fc.record({
  prefix: fc.constantFrom('', 'prod'),
  glacierDays: maybe(anyDays),
  abortDays: anyDays,
  noncurrentDays: anyDays,
})

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
})

describe('a lifecycle document', () => {
  it('is split into its rules and no others', () => {
    const rules = '<Rule><ID>a</ID><Status>Enabled</Status></Rule>\n <Rule><Status>Disabled</Status></Rule>'
    expect(splitRules(`<X xmlns="y">${rules}</X>`)).toEqual(rules.split('\n ').map(text => text.trim()))
    expect(splitRules('<LifecycleConfiguration/>')).toEqual([])
  })

  it('of Google is not taken for one of S3', () => {
    const rule = '<Rule><Action><Delete/></Action><Condition><Age>30</Age></Condition></Rule>'
    expect(splitRules(`<LifecycleConfiguration>${rule}</LifecycleConfiguration>`)).toBeUndefined()
  })

  it('means the same without IDs, in any order, with the older form of a prefix', () => {
    const a: LifecycleRule = { ID: 'a', Status: 'Enabled', Filter: { Prefix: 'x/' }, Expiration: { Days: 1 } }
    const b: LifecycleRule = { Status: 'Enabled', Prefix: 'x/', Expiration: { Days: 1 } }
    const c: LifecycleRule = { Status: 'Enabled', Filter: {}, Expiration: { Days: 2 } }
    expect(meansTheSame([a, c], [c, b])).toBe(true)
    expect(meansTheSame([a, c], [a])).toBe(false)
    expect(meansTheSame([a], [{ ...a, Expiration: { Days: 2 } }])).toBe(false)
  })
})

describe('the printed command', () => {
  it('is one command with one argument in bash, whatever an ID of others contains', () => {
    const hostile = `'; touch /tmp/pwned; echo "$(id)" \`id\` \\ \n!`
    const rule: LifecycleRule = {
      ID: hostile,
      Status: 'Enabled',
      Filter: { Prefix: 'logs/' },
      Expiration: { Days: 1 },
    }
    const reading = { state: 'set', value: [{ rule, xml: '' }] } as const
    const address = { bucket: 'b', endpoint: `https://s3.example.com/'$(id)` }
    const [finding] = lifecycleFindings(reading, GOAL, address)
    const script = `aws() { printf '%s\\0' "$@"; }\n${finding?.fix}`
    const words = execFileSync('bash', ['-euc', script]).toString().split('\0').slice(0, -1)
    expect(words.slice(0, -1)).toEqual([
      's3api',
      'put-bucket-lifecycle-configuration',
      '--endpoint-url',
      address.endpoint,
      '--bucket',
      'b',
      '--lifecycle-configuration',
    ])
    expect(JSON.parse(words.at(-1) ?? '').Rules[0]).toEqual(rule)
  })

  it('is not there for what passes, cannot be read, or is not known', () => {
    const address = { bucket: 'b', endpoint: undefined }
    const own = withOwn([], GOAL)
    const verdicts = (state: Parameters<typeof lifecycleFindings>[0]) =>
      lifecycleFindings(state, GOAL, address).map(({ verdict, fix }) => [verdict, fix])
    expect(verdicts({ state: 'set', value: own })).toEqual(Array(4).fill(['pass', null]))
    expect(verdicts({ state: 'denied' })).toEqual(Array(4).fill(['not-measured', null]))
    expect(verdicts({ state: 'unknown-call' })).toEqual(Array(4).fill(['not-applicable', null]))
  })
})

test.each([
  [30, 119, 'is 119 days, but GLACIER after 30 days is billed until day 120'],
  [30, 120, undefined],
  [undefined, 7, undefined],
])('archives that sleep after %s days and are kept for %d', (glacierDays, keptDays, problem) => {
  expect(goalProblem({ ...GOAL, glacierDays }, keptDays)).toBe(problem)
})
