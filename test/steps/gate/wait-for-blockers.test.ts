import { expect, test } from 'vitest'
import type { Log } from '../../../src/core/log.ts'
import type { Blocker } from '../../../src/postgres/catalog/blockers.ts'
import { waitForBlockers } from '../../../src/steps/gate/wait-for-blockers.ts'

const SESSION: Blocker = {
  kind: 'transaction',
  pid: 4711,
  user: 'logi',
  application: 'psql',
  state: 'idle in transaction',
  ageMs: 60_000,
  query: null,
  waitsFor: [],
  relation: null,
}
const PREPARED: Blocker = { ...SESSION, kind: 'prepared', pid: null, state: "it's mine" }
const STANDBY: Blocker = { ...SESSION, kind: 'replication', state: 'streaming, async' }

const silent: Log = { debug() {}, info() {}, warning() {}, group: (_, work) => work() }

test.each([
  ['a session is ended by its pid', [SESSION], /pg_terminate_backend\(<pid>\)/, /PREPARED|standby/],
  // Nothing but this ends it: it has no session any more.
  ['a prepared transaction by its name', [PREPARED], /ROLLBACK PREPARED '<name>'/, /pg_terminate_backend/],
  // Its walsender would be back at once.
  ['a standby has to catch up', [STANDBY], /standby/, /pg_terminate_backend/],
  ['each of several is told', [SESSION, PREPARED], /pg_terminate_backend.*ROLLBACK PREPARED/, /standby/],
])('each kind of blocker comes with its own remedy: %s', async (_, blockers, told, untold) => {
  const closed = waitForBlockers(0, {
    readBlockingSessions: async () => ({ blockers, hiddenSessions: 0 }),
    pause: async () => undefined,
    now: () => new Date(),
    log: silent,
  })

  const hint = await closed.then(
    () => '',
    error => error.hint,
  )
  expect(hint).toMatch(told)
  expect(hint).not.toMatch(untold)
  expect(hint).toContain('set on-blockers to wait:<duration> or ignore')
})
