import { actionsOf, coversAll, type LifecycleRule, prefixOf, type StoredRule } from './lifecycle-rule.ts'
import { renderRule } from './rule-xml.ts'

/** What the lifecycle of the bucket is to do, in days. */
export interface LifecycleGoal {
  /** The prefix in `destination`, without slashes at its ends. */
  readonly prefix: string
  /** After so many days archives move to GLACIER; undefined: they stay. */
  readonly glacierDays: number | undefined
  readonly abortDays: number
  readonly noncurrentDays: number
}

/** One rule of ours, with the one action that it has. */
interface OwnRule {
  readonly rule: LifecycleRule
  readonly action: string
}

/** Where everything lies: the empty text, or `prod/`. */
export function basePrefix({ prefix }: Pick<LifecycleGoal, 'prefix'>): string {
  return prefix === '' ? '' : `${prefix}/`
}

export function archivesPrefix(goal: Pick<LifecycleGoal, 'prefix'>): string {
  return `${basePrefix(goal)}archives/`
}

/** The rules of a bucket for backups. */
export function ownRules(goal: LifecycleGoal): readonly OwnRule[] {
  const archives = archivesPrefix(goal)
  const base = (name: string, Prefix: string) => ({
    ID: `pg-runbook-${name}${goal.prefix === '' ? '' : `-${goal.prefix}`}`.slice(0, 255),
    Status: 'Enabled',
    Filter: { Prefix },
  })
  const Transitions = [{ Days: goal.glacierDays ?? 0, StorageClass: 'GLACIER' }]
  const AbortIncompleteMultipartUpload = { DaysAfterInitiation: goal.abortDays }
  const NoncurrentVersionExpiration = { NoncurrentDays: goal.noncurrentDays }
  const archived = { action: 'Transitions', rule: { ...base('archives', archives), Transitions } }
  return [
    ...(goal.glacierDays === undefined ? [] : [archived]),
    {
      action: 'AbortIncompleteMultipartUpload',
      rule: { ...base('uploads', archives), AbortIncompleteMultipartUpload },
    },
    {
      action: 'NoncurrentVersionExpiration',
      rule: { ...base('versions', basePrefix(goal)), NoncurrentVersionExpiration },
    },
  ]
}

/** Whether a rule is one of ours: by what it does and where, in any number of days. Its ID is no proof. */
export function isOwn(rule: LifecycleRule, goal: LifecycleGoal): boolean {
  const [action, ...more] = actionsOf(rule)
  if (action === undefined || more.length > 0) return false
  return ownRules({ ...goal, glacierDays: goal.glacierDays ?? 0 }).some(
    own => own.action === action && prefixOf(own.rule) === prefixOf(rule) && hasOurForm(rule),
  )
}

function hasOurForm(rule: LifecycleRule): boolean {
  const [transition, ...more] = rule.Transitions ?? []
  const isToGlacier =
    transition === undefined || (transition.StorageClass === 'GLACIER' && transition.Days !== undefined)
  const keepsVersions = rule.NoncurrentVersionExpiration?.NewerNoncurrentVersions !== undefined
  return coversAll(rule, prefixOf(rule)) && isToGlacier && more.length === 0 && !keepsVersions
}

/** The rules without those of ours. */
export function withoutOwn(stored: readonly StoredRule[], goal: LifecycleGoal): readonly StoredRule[] {
  return stored.filter(({ rule }) => !isOwn(rule, goal))
}

/** The rules of others byte for byte and in their order, then ours. */
export function withOwn(stored: readonly StoredRule[], goal: LifecycleGoal): readonly StoredRule[] {
  const own = ownRules(goal).map(({ rule }) => ({ rule, xml: renderRule(rule) }))
  return [...withoutOwn(stored, goal), ...own]
}
