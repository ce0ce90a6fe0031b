import { dumpArguments, isPartial } from '../../core/backup/dump-options.ts'
import { countRows, type SequenceFingerprint } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import { renderCount } from '../../core/text/bytes.ts'
import type { DumpReport } from '../../postgres/client-tools/pg-dump.ts'
import type { FoundContent, HeldSnapshot } from '../../postgres/source/source.ts'
import type { SentContent } from '../../storage/multipart/part-writer.ts'
import type { Upload } from '../../storage/multipart/upload.ts'
import { reportProgress } from '../report-progress.ts'
import type { DumpDeps, DumpRequest, PgDump } from './request.ts'

/** What came of it: what was sent, what pg_dump said, and what the snapshot holds. */
interface Dumped {
  readonly archive: SentContent
  readonly report: DumpReport
  readonly content: FoundContent
  readonly sequences: readonly SequenceFingerprint[]
}

/**
 * pg_dump, the upload and the fingerprint side by side; the first that fails is the cause of the others. The
 * database gets its locks back when it has been read, and before the store is asked for anything but the
 * parts, however it went.
 */
export async function dumpInto(
  beginning: Promise<Upload>,
  snapshot: HeldSnapshot,
  pgDump: PgDump,
  request: DumpRequest,
  { source, log, now }: DumpDeps,
): Promise<Dumped> {
  const { options, fingerprint } = request
  await using locks = snapshot
  const readSequences = () => source.readSequences(snapshot, isPartial(options))
  const sequences = await readSequences()
  await using running = await pgDump.start(
    dumpArguments(options, snapshot.id, snapshot.movingRows.mustLoadViaRoot),
  )
  const send = async () => {
    const upload = await beginning
    using _progress = reportProgress(log, now, () => ({
      bytes: upload.acknowledgedBytes,
      table: running.currentTable,
    }))
    return await upload.write(running.archive)
  }
  const read = async () => {
    const [report, content] = await Promise.all([
      running.finished.catch(error => Promise.reject(nameWhoLocks(error, snapshot))),
      source.readContent(snapshot, fingerprint, isPartial(options)),
    ])
    const [atEnd] = await Promise.all([readSequences(), locks[Symbol.asyncDispose]()])
    return { report, content, sequences: source.mergeSequences(sequences, atEnd) }
  }
  const all = Promise.all([send(), read()])
  const [archive, { report, ...found }] = await Promise.race([all, snapshot.alarm])
  for (const warning of report.warnings) log.info(`  ${warning}`)
  log.info(
    `pg_dump ended well: ${report.dumpedTables.size} tables${fingerprint === 'none' ? '' : `, ${renderCount(countRows(found.content.tables))} rows in the same snapshot`}.`,
  )
  return { archive, report, ...found }
}

/** pg_dump does not know who kept it from its locks. */
function nameWhoLocks(error: unknown, { inTheWay }: HeldSnapshot): unknown {
  const who = inTheWay()
  if (!(error instanceof OperatorError) || error.code !== 'DATABASE_LOCKED' || who.length === 0) return error
  return error.withContext({ after: `It waited: ${who.join('; ')}.` })
}
