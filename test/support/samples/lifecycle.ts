import fc from 'fast-check'
import type { LifecycleRule, StoredRule } from '../../../src/core/posture/lifecycle-rule.ts'
import type { LifecycleGoal } from '../../../src/core/posture/own-rules.ts'

export const GOAL: LifecycleGoal = { prefix: 'prod', glacierDays: 30, abortDays: 2, noncurrentDays: 30 }

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

/** A filter of a prefix, and of a tag or a size where they are asked for. */
export function toFilter(Prefix: string, hasTag: boolean, size: number | undefined): LifecycleRule['Filter'] {
  if (!hasTag && size === undefined) return { Prefix }
  const Tags = hasTag ? [{ Key: 'retire', Value: 'yes' }] : []
  return { And: { Prefix, Tags, ...(size !== undefined && { ObjectSizeGreaterThan: size }) } }
}

/** The bytes stand for anything that a store may write into a rule, known to us or not. */
export const anyStored: fc.Arbitrary<readonly StoredRule[]> = fc.array(
  fc.record({
    rule: anyRule,
    xml: fc.string().map(text => `<Rule><Status/><Vendor>${text.replace(/[<>&]/g, '')}</Vendor></Rule>`),
  }),
  { maxLength: 8 },
)

export const anyGoal: fc.Arbitrary<LifecycleGoal> = fc.record({
  prefix: fc.constantFrom('', 'prod'),
  glacierDays: maybe(anyDays),
  abortDays: anyDays,
  noncurrentDays: anyDays,
})
