import { endpointOption } from '../backup/aws-commands.ts'
import { renderAmount } from '../text/counts.ts'
import { shellQuote } from '../text/shell-quote.ts'
import { ASLEEP, dangerousRules } from './dangerous-rules.ts'
import { type PostureFinding, type PostureJudgement, type SettingReading, toFinding } from './finding.ts'
import { coversAll, type LifecycleRule, meaningOf, type StoredRule } from './lifecycle-rule.ts'
import { archivesPrefix, basePrefix, type LifecycleGoal, withOwn } from './own-rules.ts'

/** Where a command is for. */
export interface BucketAddress {
  readonly bucket: string
  readonly endpoint: string | undefined
}

/** The lines about the lifecycle of the bucket. */
export function lifecycleFindings(
  reading: SettingReading<readonly StoredRule[]>,
  goal: LifecycleGoal,
  address: BucketAddress,
): readonly PostureFinding[] {
  const right = 's3:GetLifecycleConfiguration'
  const line = (check: string, judge: (rules: readonly LifecycleRule[]) => PostureJudgement) =>
    toFinding(check, right, reading, (stored = []) => ({
      fix: putLifecycle(stored, goal, address),
      ...judge(stored.map(({ rule }) => rule)),
    }))
  return [
    line('lifecycle of archives', rules => judgeGlacier(rules, goal)),
    line('unfinished uploads', rules => judgeAbort(rules, goal)),
    line('old versions', rules => judgeNoncurrent(rules, goal)),
    toFinding('rules of others', right, reading, (stored = []) => {
      const dangers = dangerousRules(stored, goal)
      if (dangers.length > 0) return { verdict: 'fail', evidence: dangers.join(' ') }
      return { verdict: 'pass', evidence: 'No other rule deletes or hides backups.' }
    }),
  ]
}

function judgeGlacier(rules: readonly LifecycleRule[], goal: LifecycleGoal): PostureJudgement {
  const found = rules
    .filter(rule => coversAll(rule, archivesPrefix(goal)))
    .flatMap(({ Transitions = [] }) => Transitions)
    .find(({ StorageClass = '' }) => ASLEEP.includes(StorageClass))
  if (found === undefined)
    return goal.glacierDays === undefined
      ? { verdict: 'pass', evidence: 'Archives stay in the class of the dump.' }
      : { verdict: 'fail', evidence: 'No rule moves archives to GLACIER.' }
  const evidence = `Archives move to ${found.StorageClass} after ${renderAmount(found.Days ?? 0, 'day')}.`
  return { verdict: found.Days === goal.glacierDays ? 'pass' : 'fail', evidence }
}

function judgeAbort(rules: readonly LifecycleRule[], goal: LifecycleGoal): PostureJudgement {
  const days = rules
    .filter(rule => coversAll(rule, archivesPrefix(goal)))
    .flatMap(({ AbortIncompleteMultipartUpload: abort }) => abort?.DaysAfterInitiation ?? [])
  if (days.length === 0) return { verdict: 'fail', evidence: 'Unfinished uploads stay and are billed.' }
  return {
    verdict: 'pass',
    evidence: `Unfinished uploads are removed after ${renderAmount(Math.min(...days), 'day')}.`,
  }
}

function judgeNoncurrent(rules: readonly LifecycleRule[], goal: LifecycleGoal): PostureJudgement {
  const days = rules
    .filter(rule => coversAll(rule, basePrefix(goal)))
    .flatMap(({ NoncurrentVersionExpiration: expiry }) => expiry?.NoncurrentDays ?? [])
  if (days.length === 0)
    return { verdict: 'fail', evidence: 'Versions of deleted or overwritten objects stay and are billed.' }
  return {
    verdict: 'pass',
    evidence: `Old versions are removed after ${renderAmount(Math.min(...days), 'day')}.`,
  }
}

/** The command that writes all rules: those of others, and ours. */
function putLifecycle(
  stored: readonly StoredRule[],
  goal: LifecycleGoal,
  { bucket, endpoint }: BucketAddress,
): string {
  const Rules = withOwn(stored, goal).map(({ rule }) => rule)
  const value = shellQuote(JSON.stringify({ Rules }))
  return `aws s3api put-bucket-lifecycle-configuration${endpointOption(endpoint)} --bucket ${bucket} --lifecycle-configuration ${value}`
}

/** What applying the goal changes, one rule per line: `-` goes, `+` comes. Empty where nothing changes. */
export function lifecycleDifference(stored: readonly StoredRule[], goal: LifecycleGoal): readonly string[] {
  const [before, after] = [stored, withOwn(stored, goal)].map(
    rules => new Map(rules.map(({ rule }) => [meaningOf(rule), JSON.stringify(rule)])),
  )
  const only = (rules = new Map<string, string>(), others = new Map<string, string>()) =>
    [...rules].flatMap(([meaning, text]) => (others.has(meaning) ? [] : [text]))
  return [...only(before, after).map(text => `- ${text}`), ...only(after, before).map(text => `+ ${text}`)]
}
