import { abortable } from '../../core/abortable.ts'
import { OperatorError } from '../../core/errors.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import type { TargetTransaction } from '../../postgres/client-tools/psql-transaction.ts'
import { reportProgress } from '../report-progress.ts'
import { compareContent, renderFirst } from './check.ts'
import type { OverwriteRequest, OverwriteTools } from './overwrite.ts'
import type { RestoreProgress } from './progress.ts'

/** Everything is compared before the commit, where a difference still undoes everything and nobody else can write. */
export async function fillInTransaction(
  request: OverwriteRequest,
  transaction: TargetTransaction,
  tools: OverwriteTools,
  progress: RestoreProgress,
): Promise<void> {
  const { log, now, signal } = tools
  let bytes = 0
  {
    using _progress = reportProgress(log, now, () => ({ bytes, table: undefined }))
    await using script = await tools.startScript()
    const copied = transaction.take(script.stdout, count => {
      bytes += count
    })
    await abortable(signal, Promise.all([copied, script.finished]))
  }
  log.info(`The script of the archive has run: ${renderBytes(bytes)}.`)
  await abortable(signal, compareBeforeCommit(request, transaction, tools, progress))
  signal.throwIfAborted()
  // Sequences do not follow the transaction: last, so that a difference above leaves them as they were.
  if (request.selection.of === 'rows')
    for (const note of await tools.advanceNumbering(transaction, request.selection.tables)) log.info(note)
  try {
    await transaction.commit()
  } catch (error) {
    await explainLostCommit(transaction.id, error, tools)
  }
  progress.replacedAt = now()
}

/** Throws RESTORE_FAILED where a table or a sequence is not what the manifest says: then nothing is committed. */
async function compareBeforeCommit(
  { manifest, selection, target }: OverwriteRequest,
  transaction: TargetTransaction,
  { readUncommitted, now, log }: OverwriteTools,
  progress: RestoreProgress,
): Promise<void> {
  const startedAt = now().getTime()
  const found = await readUncommitted(transaction, manifest.fingerprint, selection)
  progress.checks.push(...compareContent({ manifest, selection }, found))
  progress.checksMs = now().getTime() - startedAt
  const failed = progress.checks.filter(({ verdict, group }) => verdict === 'fail' && group === 'exact')
  if (failed.length === 0) return log.info('Every table is what the manifest says.')
  throw new OperatorError(
    'RESTORE_FAILED',
    `What came back from ${manifest.backup.id} differs from its manifest: ${renderFirst(failed)}. Everything was rolled back: ${target.database} is as it was before.`,
    {
      hint: `Pick an older backup: latest-before:${manifest.backup.snapshotAt}. To look at this one, use mode new-database, which keeps it beside the old data.`,
    },
  )
}

/** The commit was sent, and its answer did not come: the server knows how it ended. */
async function explainLostCommit(id: string, error: unknown, tools: OverwriteTools): Promise<void> {
  const end = await tools.readEnd(id)
  if (end === 'committed') {
    tools.log.info('The answer to the commit was lost, but the server has committed.')
    return
  }
  if (end === 'rolled-back' || !(error instanceof OperatorError)) throw error
  throw error.withContext({
    before: 'The connection was lost during the commit, and the server could not be asked how it ended',
    hint: () =>
      `Ask it: SELECT pg_xact_status('${id}'); committed means that the restored data is there, aborted that the old data is.`,
  })
}
