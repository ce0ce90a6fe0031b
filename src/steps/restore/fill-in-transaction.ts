import { abortable } from '../../core/abortable.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import type { RestoredContent } from '../../core/checks/compare-manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import type { RestoreScope } from '../../core/restore/restore-scope.ts'
import type { RowTrigger } from '../../core/restore/row-trigger.ts'
import type { TargetTransaction } from '../../postgres/client-tools/psql-transaction.ts'
import type { TransactionEnd } from '../../postgres/target/commit-status.ts'
import type { TransactionRange } from '../../postgres/target/later-writes.ts'
import { timedGroup } from '../timed-group.ts'
import { compareContent, renderFirst } from './check.ts'
import type { PassDeps } from './fill-database.ts'
import { type FillTargetDeps, fillTarget } from './fill-target.ts'
import type { PlannedRestore } from './request.ts'
import type { RestoreResult, RestoreStages } from './result.ts'

export interface TransactionDeps extends FillTargetDeps {
  /** The passes of a restore inside the transaction. */
  readonly passesIn: (transaction: TargetTransaction) => PassDeps
  /** What the database will hold once the transaction is committed. */
  readonly readUncommitted: (
    transaction: TargetTransaction,
    original: Manifest['fingerprint'],
    scope: RestoreScope,
  ) => Promise<RestoredContent>
  /** Moves sequences that number these tables past their rows. Returns what it did, as sentences. */
  readonly advanceSequences: (
    transaction: TargetTransaction,
    tables: readonly QualifiedName[],
  ) => Promise<readonly string[]>
  /**
   * Takes rights that the restore would give to more roles than the original. Returns what changed, as
   * sentences.
   */
  readonly limitRightsInTransaction: (transaction: TargetTransaction) => Promise<readonly string[]>
  /** Puts triggers that were switched off back into their states. */
  readonly enableTriggers: (transaction: TargetTransaction, triggers: readonly RowTrigger[]) => Promise<void>
  /** The numbers that the transaction and its savepoints have had so far. */
  readonly readRange: (transaction: TargetTransaction) => Promise<TransactionRange>
  readonly readEnd: (transactionId: string) => Promise<TransactionEnd>
}

type TransactionRequest = Pick<PlannedRestore, 'manifest' | 'scope' | 'target' | 'entries'>

/**
 * Compares everything before the commit: until then a difference rolls back, and no other session can write.
 */
export async function* fillInTransaction(
  request: TransactionRequest,
  transaction: TargetTransaction,
  deps: TransactionDeps,
  switchedOff: readonly RowTrigger[],
): RestoreStages {
  const { log, now, signal } = deps
  const { unrestored, notes } = await timedGroup(deps, 'Restore', () =>
    abortable(signal, fillTarget(request.entries, deps.passesIn(transaction), deps, [])),
  )
  if (switchedOff.length > 0) await abortable(signal, deps.enableTriggers(transaction, switchedOff))
  const rights =
    request.scope.of === 'rows' ? [] : await abortable(signal, deps.limitRightsInTransaction(transaction))
  for (const note of rights) log.warning(note)
  yield { unrestored, notes: [...notes, ...rights] }
  const compared = await timedGroup(deps, 'Compare before the commit', () =>
    abortable(signal, compareBeforeCommit(request, unrestored, transaction, deps)),
  )
  yield compared
  refuseDifferences(request, compared)
  signal.throwIfAborted()
  // Sequences do not roll back: last, so that a difference above leaves them as they were.
  if (request.scope.of === 'rows')
    for (const note of await deps.advanceSequences(transaction, request.scope.tables)) log.info(note)
  yield { writtenBy: await deps.readRange(transaction) }
  try {
    await transaction.commit()
  } catch (error) {
    await explainLostCommit(transaction.id, error, deps)
  }
  yield { replacedAt: now() }
}

type Compared = Pick<RestoreResult, 'checks' | 'checksMs'>

async function compareBeforeCommit(
  { manifest, scope }: TransactionRequest,
  unrestored: RestoreResult['unrestored'],
  transaction: TargetTransaction,
  { readUncommitted, now }: TransactionDeps,
): Promise<Compared> {
  const startedAt = now().getTime()
  const found = await readUncommitted(transaction, manifest.fingerprint, scope)
  return {
    checks: compareContent({ manifest, scope, unrestored }, found),
    checksMs: now().getTime() - startedAt,
  }
}

/** Throws RESTORE_FAILED when a table or a sequence differs from the manifest: then nothing is committed. */
function refuseDifferences({ manifest, target }: TransactionRequest, { checks }: Compared): void {
  const failed = checks.filter(({ verdict, group }) => verdict === 'fail' && group === 'exact')
  if (failed.length === 0) return
  throw new OperatorError(
    'RESTORE_FAILED',
    `The restore of ${manifest.backup.id} differs from its manifest: ${renderFirst(failed)}. Rolled back; ${target.database} is unchanged.`,
    {
      hint: `Pick an older backup: latest-before:${manifest.backup.snapshotAt}. To look at this one, use mode new-database, which keeps the old data.`,
    },
  )
}

/** The commit was sent, and its answer did not come: the server knows how it ended. */
async function explainLostCommit(id: string, error: unknown, deps: TransactionDeps): Promise<void> {
  const end = await deps.readEnd(id)
  if (end === 'committed') {
    deps.log.info('The answer to the commit was lost, but the server has committed.')
    return
  }
  if (end === 'rolled-back' || !(error instanceof OperatorError)) throw error
  throw error.withContext({
    before: 'The connection was lost during the commit, and the server did not say how it ended',
    hint: () =>
      `Ask it: SELECT pg_xact_status('${id}'); "committed" means that the restored data is there, "aborted" that the old data is.`,
  })
}
