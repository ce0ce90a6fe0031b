import type { Readable } from 'node:stream'
import { abortable } from '../../core/abortable.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { verdictOf } from '../../core/checks/check.ts'
import type { RestoredContent } from '../../core/checks/compare-manifest.ts'
import { asInSource } from '../../core/drill/drill-checks.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Inventory } from '../../core/restore/safety-gap.ts'
import type { Selection, TableName } from '../../core/restore/selection.ts'
import { renderAmount, renderSome } from '../../core/text/counts.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { TargetTransaction } from '../../postgres/client-tools/psql-transaction.ts'
import type { ToolProcess } from '../../postgres/client-tools/tool-process.ts'
import type { TransactionEnd } from '../../postgres/target/commit-status.ts'
import { awaitRestore } from '../backups/fetch-archive.ts'
import { timedGroup } from '../timed-group.ts'
import { checkRestored, type FillTools, renderFirst, reportChecks, structureChecks } from './check.ts'
import { fillInTransaction } from './fill-in-transaction.ts'
import type { RestoreProgress } from './progress.ts'
import { backUp, refuseGap } from './safety-backup.ts'

export interface OverwriteTools extends FillTools {
  readonly begin: () => Promise<TargetTransaction>
  /** Locks all tables against writing: ends those in the way and adds their process ids to `cut`, or throws TARGET_BUSY naming them. */
  readonly freeze: (transaction: TargetTransaction, cut: Set<string> | undefined) => Promise<void>
  /** The same against reading too, of what is replaced; `look` may still object. Then drops what the backup brings back, or removes the rows. */
  readonly clear: (
    transaction: TargetTransaction,
    selection: Selection,
    cut: Set<string> | undefined,
    look: () => Promise<void>,
  ) => Promise<void>
  /** What the database holds, by name, as the transaction sees it. */
  readonly readInventory: (transaction: TargetTransaction) => Promise<Inventory>
  /** `logi_audit_events: logi_audit_worm_table`: triggers that see rows come and go. */
  readonly readGuards: (tables: readonly TableName[]) => Promise<readonly string[]>
  /** What the database will hold once the transaction is committed. */
  readonly readUncommitted: (
    transaction: TargetTransaction,
    original: Manifest['fingerprint'],
    selection: Selection,
  ) => Promise<RestoredContent>
  /** Moves on what numbers these tables and stands behind their rows. Returns what it did, as sentences. */
  readonly advanceNumbering: (
    transaction: TargetTransaction,
    tables: readonly TableName[],
  ) => Promise<readonly string[]>
  /** pg_restore, writing the chosen entries as SQL to its output. */
  readonly startScript: () => Promise<ToolProcess & { readonly stdout: Readable }>
  readonly readEnd: (transactionId: string) => Promise<TransactionEnd>
  /** Takes a backup of what is about to be replaced, and verifies it by reading all of it back. */
  readonly takeSafetyBackup: () => Promise<Manifest>
}

export interface OverwriteRequest {
  readonly manifest: Manifest
  readonly selection: Selection
  readonly target: { readonly database: string }
  readonly allOrNothing: boolean
  readonly mayTerminateSessions: boolean
  /** Why there shall be no safety backup; undefined takes one. */
  readonly skipSafetyBackup: string | undefined
}

/**
 * Replaces the contents of a database (runbook §4.2). From before the safety backup on, nobody can write, so that no change
 * falls between that backup and the replacement. With `allOrNothing` everything happens in one transaction: until its commit, and after any failure,
 * the database is as it was.
 */
export async function overwrite(
  request: OverwriteRequest,
  tools: OverwriteTools,
  progress: RestoreProgress,
): Promise<void> {
  const { target, allOrNothing, mayTerminateSessions, selection } = request
  const { log, now } = tools
  const cut = mayTerminateSessions ? new Set<string>() : undefined
  const guards = await reportGuards(request, tools)
  const lockedAt = now().getTime()
  await using transaction = await timedGroup(tools, `Lock ${target.database} against changes`, async () => {
    const begun = await tools.begin()
    try {
      await abortable(tools.signal, tools.freeze(begun, cut))
    } catch (error) {
      await begun[Symbol.asyncDispose]()
      throw error
    }
    log.info('Reading goes on; whoever writes waits.')
    return begun
  })
  const safety = await transaction.whileIdle(() => backUp(request, tools, progress))
  const startedAt = now().getTime()
  await timedGroup(tools, `Replace the contents of ${target.database}`, async () => {
    try {
      const look = () => refuseGap(safety, request, transaction, tools)
      await abortable(tools.signal, tools.clear(transaction, selection, cut, look))
      progress.terminated = cut?.size ?? 0
      if (allOrNothing) await fillInTransaction(request, transaction, tools, progress)
      else await fillInParallel(request, transaction, tools, progress)
    } catch (error) {
      throw explainGuards(guards, error)
    }
    progress.restoreMs = now().getTime() - startedAt
    progress.windowMs = now().getTime() - lockedAt
    progress.restoredTo = target.database
    log.info(
      `Replaced in ${renderDuration(progress.restoreMs)}; ${renderAmount(progress.terminated, 'session')} cut. Nobody could write for ${renderDuration(progress.windowMs)}.`,
    )
  })
  await timedGroup(tools, 'Check', () => checkReplaced(request, tools, progress))
  if (verdictOf(progress.checks) === 'fail') throw differs(request, progress)
}

/** Only rows that go into tables that are there meet their triggers. */
async function reportGuards(
  { selection }: OverwriteRequest,
  tools: OverwriteTools,
): Promise<readonly string[]> {
  if (selection.of !== 'rows') {
    tools.log.info(
      'Tables are dropped and made anew, and triggers come after the rows: no guard (runbook §7) sees it, and session-settings are not needed for one.',
    )
    return []
  }
  const guards = await tools.readGuards(selection.tables)
  tools.log.info(
    guards.length === 0
      ? 'No trigger of these tables sees rows come or go.'
      : `Triggers that see these rows come and go: ${renderSome(guards)}. Where one is a guard, it needs its setting in session-settings.`,
  )
  return guards
}

function explainGuards(guards: readonly string[], error: unknown): unknown {
  if (guards.length === 0 || !(error instanceof OperatorError)) return error
  // Neither a lost connection nor a lock is of a trigger's making.
  if (error.code !== 'RESTORE_FAILED' && error.code !== 'DATABASE_PRIVILEGES') return error
  return error.withContext({
    hint: hint =>
      `${hint} These tables have triggers: ${renderSome(guards)}. If one of them guards the rows, give the setting that it asks for by session-settings, such as logi.allow_audit_purge=yes (runbook §7).`,
  })
}

/** Statistics, the structure, and what was not compared before the commit. */
async function checkReplaced(
  { manifest, selection, target, allOrNothing }: OverwriteRequest,
  tools: OverwriteTools,
  progress: RestoreProgress,
): Promise<void> {
  const request = { manifest, selection, name: target.database }
  if (!allOrNothing) return await checkRestored(request, tools, progress)
  const startedAt = tools.now().getTime()
  await tools.analyze(target.database)
  progress.checks.push(...asInSource(await structureChecks(request, tools), progress.checks, manifest))
  progress.checksMs = (progress.checksMs ?? 0) + tools.now().getTime() - startedAt
  reportChecks(progress.checks, tools.log)
}

/** From here on, a failure leaves an incomplete database: the error says so. */
async function fillInParallel(
  { target }: OverwriteRequest,
  transaction: TargetTransaction,
  tools: OverwriteTools,
  progress: RestoreProgress,
): Promise<void> {
  await transaction.commit()
  progress.replacedAt = tools.now()
  tools.log.info(`${target.database} is empty now.`)
  try {
    await using running = await tools.startRestore(target.database)
    await awaitRestore(running, tools.signal, tools)
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    throw error.withContext({
      before: `${target.database} was emptied and is incomplete now`,
      hint: hint => `${hint} Run the step again, with this backup or with the safety backup.`,
    })
  }
}

function differs(
  { manifest, target, allOrNothing }: OverwriteRequest,
  progress: RestoreProgress,
): OperatorError {
  const failed = progress.checks.filter(({ verdict }) => verdict === 'fail')
  const back = progress.safetyBackup === null ? '' : ` To go back, restore ${progress.safetyBackup}.`
  return new OperatorError(
    'RESTORE_UNVERIFIED',
    `${target.database} holds the backup ${manifest.backup.id} now, but not exactly: ${renderFirst(failed)}.`,
    {
      hint: `Look at what differs in the job summary. ${allOrNothing ? 'Every table was right at the commit.' : 'Whoever has connected since the database was emptied may have written to it.'}${back}`,
    },
  )
}
