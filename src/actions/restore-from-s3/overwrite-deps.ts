import { OperatorError } from '../../core/errors.ts'
import { type Connection, withDatabase } from '../../core/pg/connection.ts'
import type { RestoreScope } from '../../core/restore/restore-scope.ts'
import {
  disableTriggers,
  enableTriggers,
  type RowTrigger,
  renderTrigger,
} from '../../core/restore/row-trigger.ts'
import { renderSome } from '../../core/text/counts.ts'
import { readContent } from '../../postgres/catalog/content.ts'
import { advanceNumbering } from '../../postgres/catalog/sequence-columns.ts'
import { sessionOf } from '../../postgres/client-tools/psql-session.ts'
import { beginTransaction, type TargetTransaction } from '../../postgres/client-tools/psql-transaction.ts'
import { openSession } from '../../postgres/session/session.ts'
import { closeDatabase, openDatabase, readOpenState } from '../../postgres/target/closed-database.ts'
import { readTransactionEnd } from '../../postgres/target/commit-status.ts'
import { limitDefinerRights } from '../../postgres/target/definer-rights.ts'
import { EMPTY_DATABASE } from '../../postgres/target/drop-contents.ts'
import { readInventory } from '../../postgres/target/inventory.ts'
import { readTransactionRange } from '../../postgres/target/later-writes.ts'
import {
  LOCK_TIMEOUT_MS,
  lockAll,
  lockSome,
  TERMINATING_LOCK_TIMEOUT_MS,
} from '../../postgres/target/lock-tables.ts'
import { readRowTriggers } from '../../postgres/target/row-triggers.ts'
import { endSessions, namingBlockers, whileTerminating } from '../../postgres/target/terminate-sessions.ts'
import { truncateSql } from '../../postgres/target/truncate.ts'
import type { ActionContext } from '../../runner/action.ts'
import type { TransactionDeps } from '../../steps/restore/fill-in-transaction.ts'
import type { FillTargetDeps } from '../../steps/restore/fill-target.ts'
import type { OverwriteDeps } from '../../steps/restore/overwrite.ts'
import type { RestorePlan } from '../../steps/restore/plan.ts'
import type { RestoreRequest } from '../../steps/restore/request.ts'
import { createTransactionPasses } from '../../wiring/pass-deps.ts'
import { requireTool } from '../../wiring/require-tool.ts'
import { createCheckDeps, createFillDeps, fillPlace, restoredRights } from './check-deps.ts'
import type { RestoreRun } from './restore-run.ts'
import { createSafetyBackupDeps } from './safety-backup-deps.ts'

export function createOverwriteDeps(
  context: ActionContext,
  run: RestoreRun,
  plan: RestorePlan,
): OverwriteDeps {
  const { target, env, pgRestore, signal } = run
  return {
    ...createCheckDeps(context, run),
    ...createFillDeps(context, run, plan),
    ...createTransactionDeps(context, run, plan),
    ...createSafetyBackupDeps(context, run),
    begin: async () => {
      const { path } = await requireTool(context, 'psql', pgRestore.version.major)
      // What we write and read is UTF-8, in any encoding of the database.
      return await beginTransaction({ psql: path, env: { ...env, PGCLIENTENCODING: 'UTF8' } })
    },
    lockAgainstWrites: (transaction, terminatedPids) =>
      withLocks(run, transaction, terminatedPids, timeoutMs =>
        transaction.run(lockAll('EXCLUSIVE', timeoutMs)),
      ),
    dropContents: (transaction, what, terminatedPids, beforeDrop) =>
      withLocks(run, transaction, terminatedPids, timeoutMs =>
        dropContents(transaction, what, timeoutMs, beforeDrop),
      ),
    closeDatabase: async transaction => {
      const { database } = target
      const before = await readOpenState(sessionOf(transaction), database)
      await transaction.run(closeDatabase(database, before))
      const sql = openDatabase(database, before)
      return {
        sql,
        open: async () => {
          await using session = await openSession(target)
          await session.rows(sql)
        },
      }
    },
    endSessions: async ({ pid }, terminatedPids) => {
      await using session = await openSession(target, signal)
      return await endSessions(session, target.database, [pid], terminatedPids)
    },
    readInventory: transaction => readInventory(sessionOf(transaction)),
    readRowTriggers: async tables => {
      await using session = await openSession(target, signal)
      return await readRowTriggers(session, tables)
    },
    limitRights: async database => {
      await using session = await openSession(withDatabase(target, database), signal)
      return await limitDefinerRights(session, restoredRights(run, plan))
    },
  }
}

function createTransactionDeps(
  context: ActionContext,
  run: RestoreRun,
  plan: RestorePlan,
): Omit<TransactionDeps, keyof FillTargetDeps> {
  return {
    passesIn: transaction =>
      createTransactionPasses(transaction, { ...fillPlace(context, run), connectionOf: () => run.target }),
    readUncommitted: (transaction, original, scope) =>
      readContent(sessionOf(transaction), original, tablesOfRows(scope)),
    limitRightsInTransaction: transaction =>
      limitDefinerRights(sessionOf(transaction), restoredRights(run, plan)),
    advanceSequences: (transaction, tables) => advanceNumbering(sessionOf(transaction), tables),
    enableTriggers: (transaction, triggers) => transaction.run(enableTriggers(triggers)),
    readRange: transaction => readTransactionRange(transaction, sessionOf(transaction)),
    readEnd: id =>
      readTransactionEnd(id, async (sql, values) => {
        await using session = await openSession(run.target)
        return (await session.row<{ value: string | null }>(sql, values)).value
      }),
  }
}

function tablesOfRows(scope: RestoreScope) {
  return scope.of === 'rows' ? scope.tables : undefined
}

/**
 * Gets locks from sessions that hold them: terminates those if allowed, else waits a moment and names them.
 */
async function withLocks<T>(
  { target, signal }: { readonly target: Connection; readonly signal: AbortSignal },
  { pid }: TargetTransaction,
  terminatedPids: Set<string> | undefined,
  work: (lockTimeoutMs: number) => Promise<T>,
): Promise<T> {
  await using watching = await openSession(target, signal)
  await using terminating = await openSession(target, signal)
  const timeoutMs = terminatedPids === undefined ? LOCK_TIMEOUT_MS : TERMINATING_LOCK_TIMEOUT_MS
  const done = namingBlockers(watching, pid, work(timeoutMs))
  if (terminatedPids === undefined) return await done
  return await whileTerminating(terminating, target.database, [pid, watching.pid], terminatedPids, done)
}

/** Empties the database, or the tables whose rows are replaced. Returns the triggers that it switched off. */
async function dropContents(
  transaction: TargetTransaction,
  { scope, triggers: choice, target }: Pick<RestoreRequest, 'scope' | 'triggers' | 'target'>,
  lockTimeoutMs: number,
  beforeDrop: () => Promise<void>,
): Promise<readonly RowTrigger[]> {
  await transaction.run(
    scope.of === 'rows' ? lockSome(scope.tables, lockTimeoutMs) : lockAll('ACCESS EXCLUSIVE', lockTimeoutMs),
  )
  await beforeDrop()
  if (scope.of !== 'rows') {
    await transaction.run(EMPTY_DATABASE)
    await transaction.run('SET lock_timeout = 0;')
    return []
  }
  // Read under the lock, which keeps them as they are.
  const triggers = await readRowTriggers(sessionOf(transaction), scope.tables)
  if (triggers.length > 0 && choice === undefined) throw newTriggers(triggers, target.database)
  const switchedOff = choice === 'off' ? triggers : []
  if (switchedOff.length > 0) await transaction.run(disableTriggers(switchedOff))
  await transaction.run(truncateSql(scope.tables))
  await transaction.run('SET lock_timeout = 0;')
  return switchedOff
}

function newTriggers(triggers: readonly RowTrigger[], database: string): OperatorError {
  return new OperatorError(
    'TARGET_BUSY',
    `Triggers were created after the plan: ${renderSome(triggers.map(renderTrigger))}. Rolled back; ${database} is unchanged.`,
    { hint: 'Set triggers: off or fire, then run the step again.' },
  )
}
