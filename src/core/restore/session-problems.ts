import { renderAmount, renderSome } from '../text/counts.ts'
import type { TargetFacts, TargetSession } from './target-facts.ts'
import type { TargetProblem, TargetRequirements } from './target-requirements.ts'

/** Sessions and replication that block replacing the database. */
export function sessionProblems(
  facts: TargetFacts,
  { mode, terminateSessions }: TargetRequirements,
): readonly TargetProblem[] {
  const { sessions, preparedTransactions, subscriptions, database } = facts
  const problems: TargetProblem[] = []
  // It would go on writing into what was restored, or stay with the old data under its new name.
  if (subscriptions.length > 0)
    problems.push({
      message: `${database} subscribes to another database: ${renderSome(subscriptions)}`,
      hint: 'Decide what is to become of the replication first: ALTER SUBSCRIPTION … DISABLE; then DROP SUBSCRIPTION …; or use mode new-database.',
    })
  const stubborn = sessions.filter(({ mayTerminate }) => !mayTerminate)
  if (preparedTransactions > 0)
    problems.push({
      message: `${database} has ${renderAmount(preparedTransactions, 'prepared transaction')}`,
      hint: 'COMMIT PREPARED or ROLLBACK PREPARED them: see pg_prepared_xacts.',
      isBusy: true,
    })
  if (stubborn.length > 0)
    problems.push({
      message: `${renderAmount(stubborn.length, 'session')} in ${database} cannot be ended by ${facts.user}: ${describeSessions(stubborn)}`,
      hint: 'Ask their owners to leave, or the provider: a superuser’s session can be ended by a superuser only.',
      isBusy: true,
    })
  if (mode === 'overwrite' && !terminateSessions && sessions.length > 0)
    problems.push({
      message: `${renderAmount(sessions.length, 'other session')} in ${database}: ${describeSessions(sessions)}`,
      hint: 'Stop the application, or set terminate-sessions: true to cut them off.',
      isBusy: true,
    })
  return problems
}

/** `app as logi from 10.0.0.7 (3)` */
function describeSessions(sessions: readonly TargetSession[]): string {
  const counts = new Map<string, number>()
  for (const { application, user, client } of sessions) {
    const name = `${application === '' ? 'a session' : application} as ${user}${client === '' ? '' : ` from ${client}`}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return renderSome(
    [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count})`)),
    5,
  )
}
