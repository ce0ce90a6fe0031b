import { renderAmount } from '../text/counts.ts'
import { type LifecycleRule, mayTouch, prefixOf, type StoredRule } from './lifecycle-rule.ts'
import { archivesPrefix, basePrefix, type LifecycleGoal, withoutOwn } from './own-rules.ts'

/** Days that GLACIER is billed at least (AWS, S3 pricing). */
const GLACIER_MINIMUM_DAYS = 90
/** A rule that aborts uploads sooner may meet a dump that still runs. */
export const SHORTEST_ABORT_DAYS = 2
/** Classes whose objects cannot be read at once. */
export const ASLEEP = ['GLACIER', 'DEEP_ARCHIVE']
/** What every run reads. */
const RECORDS = ['manifests', 'drills', 'gates', 'restores', 'cutovers', 'pins', 'retired']

/** Rules of others that would eat backups, each as a sentence. Nothing is applied while there is one. */
export function dangerousRules(stored: readonly StoredRule[], goal: LifecycleGoal): readonly string[] {
  const archives = archivesPrefix(goal)
  const records = RECORDS.map(name => `${basePrefix(goal)}${name}/`)
  return withoutOwn(stored, goal).flatMap(({ rule }) => [
    ...expiryDangers(rule, [archives, ...records]),
    ...sleepDangers(rule, records),
    ...abortDangers(rule, archives),
  ])
}

function expiryDangers(rule: LifecycleRule, prefixes: readonly string[]): readonly string[] {
  const { Days, Date: day } = rule.Expiration ?? {}
  const eaten = prefixes.filter(prefix => mayTouch(rule, prefix))
  if ((Days === undefined && day === undefined) || eaten.length === 0) return []
  const when =
    Days === undefined ? `on ${new Date(day ?? 0).toISOString()}` : `after ${renderAmount(Days, 'day')}`
  return [`${nameOf(rule)} deletes objects in ${eaten.join(', ')} ${when}, the last good backup included.`]
}

function sleepDangers(rule: LifecycleRule, records: readonly string[]): readonly string[] {
  const asleep = (rule.Transitions ?? []).find(({ StorageClass = '' }) => ASLEEP.includes(StorageClass))
  const touched = records.filter(prefix => mayTouch(rule, prefix))
  if (asleep === undefined || touched.length === 0) return []
  return [`${nameOf(rule)} moves ${touched.join(', ')} to ${asleep.StorageClass}: no run could read them.`]
}

function abortDangers(rule: LifecycleRule, archives: string): readonly string[] {
  const days = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation
  if (days === undefined || days >= SHORTEST_ABORT_DAYS || !mayTouch(rule, archives)) return []
  return [
    `${nameOf(rule)} aborts uploads after ${renderAmount(days, 'day')}: a dump that takes longer is lost.`,
  ]
}

function nameOf(rule: LifecycleRule): string {
  return `The rule "${rule.ID ?? ''}" (prefix "${prefixOf(rule)}")`
}

/** Why a goal makes no sense by itself; undefined where it does. */
export function goalProblem(goal: LifecycleGoal, keptDays: number | undefined): string | undefined {
  if (goal.glacierDays === undefined || keptDays === undefined) return undefined
  const billed = goal.glacierDays + GLACIER_MINIMUM_DAYS
  if (keptDays >= billed) return undefined
  return `is ${renderAmount(keptDays, 'day')}, but GLACIER after ${renderAmount(goal.glacierDays, 'day')} is billed until day ${billed}`
}
