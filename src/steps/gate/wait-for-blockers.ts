import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { Blocker, BlockerKind } from '../../postgres/catalog/blockers.ts'

const INTERVAL_MS = 2000

/** What is in the way right now, and how many sessions this role may not look into. */
export interface Obstacles {
  readonly blockers: readonly Blocker[]
  readonly hiddenSessions: number
}

export interface WaitTools {
  readonly readObstacles: () => Promise<Obstacles>
  readonly pause: (ms: number) => Promise<void>
  readonly now: () => Date
  readonly log: Log
}

/**
 * Nothing that waits or holds locks may be in the way: the dump would queue behind it, and production behind the migration. Waits
 * for at most so long; null does not look. Returns how many sessions could not be looked into. Throws GATE_BLOCKED.
 */
export async function waitForBlockers(waitMs: number | null, tools: WaitTools): Promise<number> {
  if (waitMs === null) return 0
  const deadline = tools.now().getTime() + waitMs
  for (;;) {
    const { blockers, hiddenSessions } = await tools.readObstacles()
    if (blockers.length === 0) return hiddenSessions
    const isLate = tools.now().getTime() >= deadline
    for (const blocker of blockers) tools.log.info(`  in the way: ${renderBlocker(blocker)}`)
    if (isLate) throw blocked(blockers)
    await tools.pause(Math.min(INTERVAL_MS, deadline - tools.now().getTime()))
  }
}

function blocked(blockers: readonly Blocker[]): OperatorError {
  const more = blockers.length > 3 ? `, and ${blockers.length - 3} more` : ''
  return new OperatorError(
    'GATE_BLOCKED',
    `In the way: ${blockers.slice(0, 3).map(renderBlocker).join('; ')}${more}.`,
    {
      hint: `${waysOut(blockers).join(' ')} Or set on-blockers to wait:<duration> or ignore.`,
    },
  )
}

function waysOut(blockers: readonly Blocker[]): readonly string[] {
  const has = (...kinds: readonly BlockerKind[]) => blockers.some(({ kind }) => kinds.includes(kind))
  return [
    ...(has('lock', 'transaction', 'dump')
      ? ['Wait until they are done, or end them: SELECT pg_terminate_backend(<pid>).']
      : []),
    ...(has('prepared')
      ? ["A prepared transaction ends only by COMMIT PREPARED '<name>' or ROLLBACK PREPARED '<name>'."]
      : []),
    ...(has('replication')
      ? ['A standby that is behind has to catch up: look at its log and at its connection.']
      : []),
  ]
}

/** One line: what it is, who, for how long, and what it does. */
function renderBlocker({ kind, pid, user, state, ageMs, query, relation }: Blocker): string {
  const facts = [
    kind,
    pid !== null && `pid ${pid}`,
    user !== null && `user ${user}`,
    state,
    ageMs !== null && renderDuration(ageMs),
    relation,
    query,
  ]
  return facts.filter(fact => fact !== null && fact !== false).join(', ')
}
