import { errorMessage, OperatorError } from '../../core/errors.ts'
import { dangerousRules } from '../../core/posture/dangerous-rules.ts'
import { lifecycleDifference } from '../../core/posture/lifecycle-findings.ts'
import { meansTheSame, type StoredRule } from '../../core/posture/lifecycle-rule.ts'
import { type LifecycleGoal, withOwn } from '../../core/posture/own-rules.ts'
import { renderSome } from '../../core/text/counts.ts'
import type { StoredLifecycle } from '../../storage/bucket/lifecycle.ts'
import type { PostureDeps } from './deps.ts'

/**
 * Writes our rules of the lifecycle, with those of others as they are, and reads them back. Where the store
 * holds something else then, the old rules are put back. Returns what changed, one rule per line. Throws
 * BUCKET_UNFIT.
 */
export async function applyLifecycle(goal: LifecycleGoal, deps: PostureDeps): Promise<readonly string[]> {
  const before = await readRules(deps)
  const dangers = dangerousRules(before.rules, goal)
  if (dangers.length > 0)
    throw new OperatorError('BUCKET_UNFIT', `Nothing was changed. ${renderSome(dangers, 3)}`, {
      hint: 'Remove or narrow these rules, then run check-bucket again.',
    })
  const difference = lifecycleDifference(before.rules, goal)
  if (difference.length === 0) return []
  const after: StoredLifecycle = { ...before, rules: withOwn(before.rules, goal) }
  await deps.putLifecycle(after)
  const problem = await compareWith(after.rules, deps)
  if (problem === undefined) return difference
  await putBack(before, problem, deps)
  throw new OperatorError('BUCKET_UNFIT', `${problem} The old rules are back.`, {
    hint: 'Set the rules in the console of the store. The summary has the command for the aws CLI.',
  })
}

async function readRules({ readLifecycle }: PostureDeps): Promise<StoredLifecycle> {
  const reading = await readLifecycle()
  if (reading.state === 'set') return reading.value
  if (reading.state === 'unset') return { rules: [], minimumSize: undefined }
  const why =
    reading.state === 'denied'
      ? 'These credentials cannot read the lifecycle.'
      : 'The store keeps its lifecycle in a form of its own.'
  throw new OperatorError('BUCKET_UNFIT', `Nothing was changed. ${why}`, {
    hint: 'Use a role with s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration, or the console of the store.',
  })
}

/** Undefined where the store holds what was written. */
async function compareWith(
  expected: readonly StoredRule[],
  { readLifecycle }: PostureDeps,
): Promise<string | undefined> {
  const reading = await readLifecycle()
  const found = reading.state === 'set' ? reading.value.rules : []
  const rulesOf = (stored: readonly StoredRule[]) => stored.map(({ rule }) => rule)
  if (meansTheSame(rulesOf(found), rulesOf(expected))) return undefined
  return `The store holds other rules than were written: ${JSON.stringify(rulesOf(found))}.`
}

async function putBack(before: StoredLifecycle, problem: string, deps: PostureDeps): Promise<void> {
  try {
    await deps.putLifecycle(before)
  } catch (error) {
    const old = before.rules.map(({ xml }) => xml).join('')
    throw new OperatorError(
      'BUCKET_UNFIT',
      `${problem} The old rules could not be put back: ${errorMessage(error)}. They were: ${old}`,
      { hint: 'Put them back in the console of the store.', cause: error },
    )
  }
}
