import { abortable } from '../../core/abortable.ts'
import { type Check, verdictOf } from '../../core/checks/check.ts'
import { OperatorError } from '../../core/errors.ts'
import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import { type RowTrigger, renderTrigger } from '../../core/restore/row-trigger.ts'
import type { Inventory } from '../../core/restore/safety-gap.ts'
import { renderAmount, renderSome } from '../../core/text/counts.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { TargetTransaction } from '../../postgres/client-tools/psql-transaction.ts'
import { timedGroup } from '../timed-group.ts'
import { type CheckDeps, renderFirst } from './check.ts'
import { checkReplaced, type OverwriteCheck } from './check-replaced.ts'
import type { PassDeps } from './fill-database.ts'
import { fillInTransaction, type TransactionDeps } from './fill-in-transaction.ts'
import { fillTarget } from './fill-target.ts'
import type { PlannedRestore, RestoreRequest } from './request.ts'
import type { RestoreStages } from './result.ts'
import { refuseGap, type SafetyBackupDeps, takeSafetyBackup } from './safety-backup.ts'

export interface OverwriteDeps extends CheckDeps, TransactionDeps, SafetyBackupDeps {
  readonly begin: () => Promise<TargetTransaction>
  /**
   * Locks all tables against writes: terminates blocking sessions and adds their process ids to
   * `terminatedPids`, or throws TARGET_BUSY naming them.
   */
  readonly lockAgainstWrites: (
    transaction: TargetTransaction,
    terminatedPids: Set<string> | undefined,
  ) => Promise<void>
  /**
   * Locks what is replaced against reads too, then drops it, or removes the rows. `beforeDrop` may still
   * object. Returns the triggers that were switched off for that.
   */
  readonly dropContents: (
    transaction: TargetTransaction,
    what: Pick<RestoreRequest, 'scope' | 'triggers' | 'target'>,
    terminatedPids: Set<string> | undefined,
    beforeDrop: () => Promise<void>,
  ) => Promise<readonly RowTrigger[]>
  /** Keeps other roles out, and new sessions read-only, from the commit on until the database is filled. */
  readonly closeDatabase: (transaction: TargetTransaction) => Promise<ClosedTarget>
  /** Ends other sessions, if that is allowed. Returns those that remain. */
  readonly endSessions: (
    transaction: TargetTransaction,
    terminatedPids: Set<string> | undefined,
  ) => Promise<readonly string[]>
  /** What the database holds, by name, as the transaction sees it. */
  readonly readInventory: (transaction: TargetTransaction) => Promise<Inventory>
  /** Triggers that fire when rows of these tables are replaced. */
  readonly readRowTriggers: (tables: readonly QualifiedName[]) => Promise<readonly RowTrigger[]>
  /**
   * Takes rights that the restore gave to more roles than the original. Returns what changed, as sentences.
   */
  readonly limitRights: (database: string) => Promise<readonly string[]>
  /** Restores the entries that were chosen. */
  readonly passesFor: (database: string) => PassDeps
}

/** A database that is closed while it is filled. */
interface ClosedTarget {
  readonly open: () => Promise<void>
  /** The statements by which `open` does that. */
  readonly sql: string
}

/**
 * Replaces the contents of a database (runbook §4.2). No session can write from before the safety backup, so
 * that no change falls between that backup and the replacement. With `allOrNothing` everything is one
 * transaction: until its commit, and after any failure, the database is unchanged.
 */
export async function* overwrite(request: PlannedRestore, deps: OverwriteDeps): RestoreStages {
  const rowTriggers = await reportRowTriggers(request, deps)
  const terminatedPids = request.mayTerminateSessions ? new Set<string>() : undefined
  const lockedAt = deps.now().getTime()
  await using transaction = await lockTarget(request, terminatedPids, deps)
  const safety = await transaction.whileIdle(() => takeSafetyBackup(request, deps))
  const startedAt = deps.now().getTime()
  if (safety !== undefined) yield { safetyBackup: safety.backup.id, safetyBackupMs: safety.durations.totalMs }
  let closed: ClosedTarget | undefined
  let compared: OverwriteCheck = { checks: [], checksMs: 0, unrestored: [], writtenBy: null }
  try {
    const switchedOff = await timedGroup(deps, `Replace the contents of ${request.target.database}`, () =>
      abortable(
        deps.signal,
        deps.dropContents(transaction, request, terminatedPids, async () => {
          // Rows alone are replaced in tables that are locked.
          if (safety !== undefined && request.scope.of !== 'rows')
            refuseGap(safety, await deps.readInventory(transaction), request.target.database)
        }),
      ),
    )
    yield { terminated: terminatedPids?.size ?? 0 }
    if (!request.allOrNothing) closed = await closeTarget(request, transaction, terminatedPids, deps)
    const filling =
      closed === undefined
        ? fillInTransaction(request, transaction, deps, switchedOff)
        : fillInParallel(request, transaction, deps, { closed, terminatedPids })
    for await (const news of filling) {
      compared = { ...compared, ...news }
      yield news
    }
  } catch (error) {
    throw explainRowTriggers(rowTriggers, error)
  }
  const restoreMs = deps.now().getTime() - startedAt
  let windowMs = deps.now().getTime() - lockedAt
  yield { restoreMs, windowMs, restoredTo: request.target.database }
  const checked = await timedGroup(deps, 'Check', () => checkReplaced(request, compared, rowTriggers, deps))
  yield checked
  if (closed !== undefined) {
    await closed.open()
    windowMs = deps.now().getTime() - lockedAt
    yield { windowMs }
  }
  deps.log.info(
    `Replaced in ${renderDuration(restoreMs)}; ${renderAmount(terminatedPids?.size ?? 0, 'session')} terminated. Writes were blocked for ${renderDuration(windowMs)}.`,
  )
  if (verdictOf(checked.checks) === 'fail') throw unverified(request, checked.checks, safety?.backup.id)
}

async function lockTarget(
  { target }: RestoreRequest,
  terminatedPids: Set<string> | undefined,
  { begin, lockAgainstWrites, ...deps }: OverwriteDeps,
): Promise<TargetTransaction> {
  return await timedGroup(deps, `Lock ${target.database} against changes`, async () => {
    const transaction = await begin()
    try {
      await abortable(deps.signal, lockAgainstWrites(transaction, terminatedPids))
    } catch (error) {
      await transaction[Symbol.asyncDispose]()
      throw error
    }
    deps.log.info('Reading goes on; writes wait.')
    return transaction
  })
}

/** Only rows that go into existing tables meet their triggers. */
async function reportRowTriggers(
  { scope, triggers }: RestoreRequest,
  { readRowTriggers, log }: OverwriteDeps,
): Promise<readonly string[]> {
  if (scope.of !== 'rows') {
    log.info('Tables are dropped and created again, and triggers after their rows: no guard fires.')
    return []
  }
  if (triggers === 'off') return []
  const rowTriggers = (await readRowTriggers(scope.tables)).map(renderTrigger)
  log.info(
    rowTriggers.length === 0
      ? 'No trigger of these tables sees rows come or go.'
      : `Triggers that see these rows come and go: ${renderSome(rowTriggers)}. A guard among them needs its setting in session-settings.`,
  )
  return rowTriggers
}

function explainRowTriggers(rowTriggers: readonly string[], error: unknown): unknown {
  if (rowTriggers.length === 0 || !(error instanceof OperatorError)) return error
  // Triggers cause neither lost connections nor lock timeouts.
  if (error.code !== 'RESTORE_FAILED' && error.code !== 'DATABASE_PRIVILEGES') return error
  return error.withContext({
    hint: hint =>
      `${hint} These tables have triggers: ${renderSome(rowTriggers)}. If one of them guards the rows, give the setting that it asks for by session-settings, such as app.allow_audit_purge=yes.`,
  })
}

/** Throws TARGET_BUSY where a session that is there could write into the database while it is filled. */
async function closeTarget(
  { target }: RestoreRequest,
  transaction: TargetTransaction,
  terminatedPids: Set<string> | undefined,
  { closeDatabase, endSessions }: OverwriteDeps,
): Promise<ClosedTarget> {
  const closed = await closeDatabase(transaction)
  const others = await endSessions(transaction, terminatedPids)
  if (others.length === 0) return closed
  throw new OperatorError(
    'TARGET_BUSY',
    `Nothing was changed. Sessions could write to ${target.database} while it is filled: ${renderSome(others, 5)}.`,
    { hint: 'Stop the application (runbook §4.2, step 1), or set terminate-sessions: true.' },
  )
}

/** From the commit on, a failure leaves an incomplete database: the error says so. */
async function* fillInParallel(
  { target, entries }: PlannedRestore,
  transaction: TargetTransaction,
  deps: OverwriteDeps,
  { closed, terminatedPids }: { closed: ClosedTarget; terminatedPids: Set<string> | undefined },
): RestoreStages {
  await transaction.commit()
  yield { replacedAt: deps.now() }
  // Those that connected in the moments before the commit.
  const others = await deps.endSessions(transaction, terminatedPids)
  if (others.length > 0) deps.log.warning(`Sessions that may still write: ${renderSome(others, 5)}.`)
  deps.log.info(`${target.database} is empty now.`)
  try {
    const { notes, unrestored } = await timedGroup(deps, 'Restore', () =>
      fillTarget(entries, deps.passesFor(target.database), deps, []),
    )
    const rights = await deps.limitRights(target.database)
    for (const note of rights) deps.log.warning(note)
    yield { notes: [...notes, ...rights], unrestored }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    throw error.withContext({
      before: `${target.database} was emptied and is incomplete now`,
      hint: hint =>
        `${hint} Run the step again, with this backup or with the safety backup. Until then only its owner may connect, and new sessions only read. To open it as it is: ${closed.sql}`,
    })
  }
}

function unverified(
  { manifest, target, allOrNothing }: RestoreRequest,
  checks: readonly Check[],
  safetyBackup: string | undefined,
): OperatorError {
  const failed = checks.filter(({ verdict }) => verdict === 'fail')
  const back = safetyBackup === undefined ? '' : ` To go back, restore ${safetyBackup}.`
  return new OperatorError(
    'RESTORE_UNVERIFIED',
    `${target.database} was restored from ${manifest.backup.id}, but verification found differences: ${renderFirst(failed)}.`,
    {
      hint: `Look at the differences in the job summary. ${allOrNothing ? 'The number of rows of every table matched at commit time.' : 'Sessions that connected after the database was emptied may have written to it.'}${back}`,
    },
  )
}
