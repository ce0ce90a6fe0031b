import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { Blocker, BlockerKind } from '../../postgres/catalog/blockers.ts'

const INTERVAL_MS = 2000

/** Sessions that block the dump right now, and how many sessions this role may not see into. */
export interface BlockingSessions {
  readonly blockers: readonly Blocker[]
  readonly hiddenSessions: number
}

export interface WaitDeps {
  readonly readBlockingSessions: () => Promise<BlockingSessions>
  readonly pause: (ms: number) => Promise<void>
  readonly now: () => Date
  readonly log: Log
}

/**
 * Waits until no session holds or waits for locks: the dump would queue behind it, and production behind the
 * migration. Waits at most `waitMs`; null skips the check. Returns how many sessions this role may not see
 * into. Throws GATE_BLOCKED.
 */
export async function waitForBlockers(waitMs: number | null, deps: WaitDeps): Promise<number> {
  if (waitMs === null) return 0
  const deadline = deps.now().getTime() + waitMs
  for (;;) {
    const { blockers, hiddenSessions } = await deps.readBlockingSessions()
    if (blockers.length === 0) return hiddenSessions
    const isLate = deps.now().getTime() >= deadline
    for (const blocker of blockers) deps.log.info(`  blocking: ${renderBlocker(blocker)}`)
    if (isLate) throw blocked(blockers)
    await deps.pause(Math.min(INTERVAL_MS, deadline - deps.now().getTime()))
  }
}

function blocked(blockers: readonly Blocker[]): OperatorError {
  const more = blockers.length > 3 ? `, and ${blockers.length - 3} more` : ''
  return new OperatorError(
    'GATE_BLOCKED',
    `Blocking sessions: ${blockers.slice(0, 3).map(renderBlocker).join('; ')}${more}.`,
    {
      hint: `${renderRemedies(blockers).join(' ')} Or set on-blockers to wait:<duration> or ignore.`,
    },
  )
}

function renderRemedies(blockers: readonly Blocker[]): readonly string[] {
  const has = (...kinds: readonly BlockerKind[]) => blockers.some(({ kind }) => kinds.includes(kind))
  return [
    ...(has('lock', 'transaction', 'dump')
      ? ['Wait until they are done, or end them: SELECT pg_terminate_backend(<pid>).']
      : []),
    ...(has('prepared')
      ? ["A prepared transaction ends only by COMMIT PREPARED '<name>' or ROLLBACK PREPARED '<name>'."]
      : []),
    ...(has('replication') ? ['A standby is behind: check its log and its connection.'] : []),
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
