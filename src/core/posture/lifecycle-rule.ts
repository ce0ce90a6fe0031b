import { canonicalJson } from '../json/canonical.ts'

/** A lifecycle rule as S3 has it, which is also the JSON of the aws CLI. Only what decides is typed. */
export interface LifecycleRule {
  readonly ID?: string | undefined
  readonly Status?: string | undefined
  /** The older form of Filter. */
  readonly Prefix?: string | undefined
  readonly Filter?: RuleFilter | undefined
  readonly Expiration?: RuleExpiration | undefined
  readonly Transitions?: readonly RuleTransition[] | undefined
  readonly NoncurrentVersionTransitions?: readonly unknown[] | undefined
  readonly NoncurrentVersionExpiration?: NoncurrentExpiration | undefined
  readonly AbortIncompleteMultipartUpload?: { readonly DaysAfterInitiation?: number | undefined } | undefined
}

interface SizeFilter {
  readonly Prefix?: string | undefined
  readonly ObjectSizeGreaterThan?: number | undefined
  readonly ObjectSizeLessThan?: number | undefined
}

interface RuleFilter extends SizeFilter {
  readonly Tag?: unknown
  readonly And?: (SizeFilter & { readonly Tags?: readonly unknown[] | undefined }) | undefined
}

interface RuleExpiration {
  readonly Days?: number | undefined
  readonly Date?: Date | string | undefined
  readonly ExpiredObjectDeleteMarker?: boolean | undefined
}

interface RuleTransition {
  readonly Days?: number | undefined
  readonly Date?: Date | string | undefined
  readonly StorageClass?: string | undefined
}

interface NoncurrentExpiration {
  readonly NoncurrentDays?: number | undefined
  readonly NewerNoncurrentVersions?: number | undefined
}

/** A rule, and the bytes by which the store gave it out. */
export interface StoredRule {
  readonly rule: LifecycleRule
  /** `<Rule>…</Rule>`, to be written back as it was. */
  readonly xml: string
}

function isEnabled({ Status }: LifecycleRule): boolean {
  return Status === 'Enabled'
}

/** The prefix of the objects that a rule is about; empty for the whole bucket. */
export function prefixOf({ Prefix, Filter }: LifecycleRule): string {
  return Filter?.And?.Prefix ?? Filter?.Prefix ?? Prefix ?? ''
}

/** Whether a rule asks for a tag as well: our objects carry only those that were set on purpose. */
function asksForTag({ Filter }: LifecycleRule): boolean {
  return Filter?.Tag !== undefined || (Filter?.And?.Tags ?? []).length > 0
}

function asksForSize({ Filter }: LifecycleRule): boolean {
  return [Filter, Filter?.And].some(
    one => one?.ObjectSizeGreaterThan !== undefined || one?.ObjectSizeLessThan !== undefined,
  )
}

/** Whether a rule is about every object below a prefix. */
export function coversAll(rule: LifecycleRule, prefix: string): boolean {
  return isEnabled(rule) && prefix.startsWith(prefixOf(rule)) && !asksForTag(rule) && !asksForSize(rule)
}

/** Whether a rule may be about some object below a prefix. */
export function mayTouch(rule: LifecycleRule, prefix: string): boolean {
  const own = prefixOf(rule)
  return isEnabled(rule) && !asksForTag(rule) && (prefix.startsWith(own) || own.startsWith(prefix))
}

const ACTIONS = [
  'Expiration',
  'Transitions',
  'NoncurrentVersionTransitions',
  'NoncurrentVersionExpiration',
  'AbortIncompleteMultipartUpload',
] as const

/** What a rule does, by the names of its actions. */
export function actionsOf(rule: LifecycleRule): readonly string[] {
  return ACTIONS.filter(action => {
    const value = rule[action]
    return Array.isArray(value) ? value.length > 0 : value !== undefined
  })
}

/**
 * One text for rules that mean the same: without the ID, which some stores give out themselves, and with one
 * form of the prefix.
 */
export function meaningOf(rule: LifecycleRule): string {
  const { ID: _id, Prefix: _prefix, Filter = {}, ...actions } = rule
  const { Prefix: _filtered, And = {}, Tag, ...filter } = Filter
  const { Prefix: _both, Tags = [], ...and } = And
  const tags = [...(Tag === undefined ? [] : [Tag]), ...Tags].map(tag => JSON.stringify(tag)).toSorted()
  return canonicalJson({ ...actions, prefix: prefixOf(rule), filter: { ...filter, ...and }, tags })
}

/** Whether two sets of rules mean the same, in any order. */
export function meansTheSame(a: readonly LifecycleRule[], b: readonly LifecycleRule[]): boolean {
  const texts = (rules: readonly LifecycleRule[]) => rules.map(meaningOf).toSorted().join('')
  return texts(a) === texts(b)
}
