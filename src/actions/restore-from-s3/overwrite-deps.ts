import { type Connection, withDatabase } from '../../core/pg/connection.ts'
import type { RestoreScope } from '../../core/restore/restore-scope.ts'
import { readContent } from '../../postgres/catalog/content.ts'
import { advanceNumbering } from '../../postgres/catalog/sequence-columns.ts'
import { sessionOf } from '../../postgres/client-tools/psql-session.ts'
import { beginTransaction, type TargetTransaction } from '../../postgres/client-tools/psql-transaction.ts'
import { openSession } from '../../postgres/session/session.ts'
import { readTransactionEnd } from '../../postgres/target/commit-status.ts'
import { limitDefinerRights } from '../../postgres/target/definer-rights.ts'
import { EMPTY_DATABASE } from '../../postgres/target/drop-contents.ts'
import { readInventory } from '../../postgres/target/inventory.ts'
import {
  LOCK_TIMEOUT_MS,
  lockAll,
  lockSome,
  TERMINATING_LOCK_TIMEOUT_MS,
} from '../../postgres/target/lock-tables.ts'
import { readRowTriggers } from '../../postgres/target/row-triggers.ts'
import { namingBlockers, whileTerminating } from '../../postgres/target/terminate-sessions.ts'
import { truncateSql } from '../../postgres/target/truncate.ts'
import type { ActionContext } from '../../runner/action.ts'
import type { TransactionDeps } from '../../steps/restore/fill-in-transaction.ts'
import type { FillTargetDeps } from '../../steps/restore/fill-target.ts'
import type { OverwriteDeps } from '../../steps/restore/overwrite.ts'
import type { RestorePlan } from '../../steps/restore/plan.ts'
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
    ...createFillDeps(context, run),
    ...createTransactionDeps(context, run, plan),
    ...createSafetyBackupDeps(context, run),
    begin: async () => {
      const { path } = await requireTool(context, 'psql', pgRestore.version.major)
      // What we write and read is UTF-8, whatever the encoding of the database.
      return await beginTransaction({ psql: path, env: { ...env, PGCLIENTENCODING: 'UTF8' } })
    },
    lockAgainstWrites: (transaction, terminatedPids) =>
      withLocks(run, transaction, terminatedPids, timeoutMs =>
        transaction.run(lockAll('EXCLUSIVE', timeoutMs)),
      ),
    dropContents: (transaction, scope, terminatedPids, beforeDrop) =>
      withLocks(run, transaction, terminatedPids, async timeoutMs => {
        await transaction.run(
          scope.of === 'rows' ? lockSome(scope.tables, timeoutMs) : lockAll('ACCESS EXCLUSIVE', timeoutMs),
        )
        await beforeDrop()
        await transaction.run(scope.of === 'rows' ? truncateSql(scope.tables) : EMPTY_DATABASE)
        await transaction.run('SET lock_timeout = 0;')
      }),
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

/** Gets locks from sessions that hold them: terminates those if allowed, else waits a moment and names them. */
async function withLocks(
  { target, signal }: { readonly target: Connection; readonly signal: AbortSignal },
  { pid }: TargetTransaction,
  terminatedPids: Set<string> | undefined,
  work: (lockTimeoutMs: number) => Promise<void>,
): Promise<void> {
  await using watching = await openSession(target, signal)
  await using terminating = await openSession(target, signal)
  const timeoutMs = terminatedPids === undefined ? LOCK_TIMEOUT_MS : TERMINATING_LOCK_TIMEOUT_MS
  const done = namingBlockers(watching, pid, work(timeoutMs))
  if (terminatedPids === undefined) return await done
  await whileTerminating(terminating, target.database, [pid, watching.pid], terminatedPids, done)
}
