import type { ActionResult } from '../../core/action-result.ts'
import { parseBackupId } from '../../core/backup/backup-id.ts'
import { type Location, manifestKey } from '../../core/backup/bucket-layout.ts'
import { copyFailure, listCopies, listFailedCopies } from '../../core/backup/copies.ts'
import { differenceOf } from '../../core/backup/database-identity.ts'
import { isPartial } from '../../core/backup/dump-options.ts'
import { countRows, type Manifest } from '../../core/backup/manifest.ts'
import type { Log } from '../../core/log.ts'
import type { PastBackup } from '../../core/summary/backup-trend.ts'
import { openSource } from '../../postgres/source/source.ts'
import type { Action } from '../../runner/action.ts'
import { withDeadline } from '../../runner/deadline.ts'
import { dump } from '../../steps/dump/dump.ts'
import type { DumpResult } from '../../steps/dump/request.ts'
import { Store } from '../../storage/store.ts'
import { createDumpDeps, describeRun } from '../../wiring/dump-deps.ts'
import { hasOpenUpload, removeOpenUploads } from '../../wiring/open-uploads.ts'
import { type DumpInputs, readDumpInputs } from './inputs.ts'
import { PastBackups } from './past-backups.ts'
import { renderDumpSummary } from './summary.ts'

export const dumpToS3: Action = {
  async main(context) {
    const inputs = readDumpInputs(context.inputs, context.environment)
    const signal = withDeadline(context.signal, inputs.timeoutMs)
    const { connection } = inputs
    await using temp = await context.createTempDir()
    await using source = await openSource(connection, signal)
    using store = new Store(inputs.store, context.log, signal)
    using past = new PastBackups(isPartial(inputs.options), locationOf(inputs), store)
    const deps = createDumpDeps(context, source, connection, store, temp.path)
    const dumped = await dump(
      {
        location: locationOf(inputs),
        kind: inputs.kind,
        options: inputs.options,
        fingerprint: inputs.fingerprint,
        storage: inputs,
        copies: inputs.copies,
        run: describeRun(context.environment),
      },
      { ...deps, beginUpload: request => past.beginAfter(deps.beginUpload(request)) },
    )
    const { manifest } = dumped
    const previous = await past.found()
    warnOfAnotherSystem(manifest, previous, context.log)
    return toResult(dumped, previous, inputs, store)
  },

  /** Removes what a main phase left that was killed before it could clean up. */
  async post(context) {
    // Inputs that main refused must not be refused once more here.
    if (!hasOpenUpload(context)) return
    const inputs = readDumpInputs(context.inputs, context.environment)
    using store = new Store(inputs.store, context.log, context.signal)
    await removeOpenUploads(context, locationOf(inputs), store, inputs.copies.targets)
  },
}

/** Staging and production under one name: a restore of the latest would take one for the other. */
function warnOfAnotherSystem(
  manifest: Manifest,
  previous: readonly PastBackup[] | undefined,
  log: Log,
): void {
  const last = previous?.at(-1)
  const difference = last && differenceOf(last.server, manifest.server)
  if (difference === undefined) return
  log.warning(
    `Two databases share the name ${manifest.backup.database} here. The backup ${last?.backup.id} before this one: ${difference}. Set database or destination so that each has its own.`,
  )
}

function locationOf({ destination, database }: DumpInputs): Location {
  return { prefix: destination.prefix, database }
}

function toResult(
  { manifest, copies }: DumpResult,
  previous: readonly PastBackup[] | undefined,
  inputs: DumpInputs,
  store: Store,
): ActionResult {
  const { backup, object: archive, fingerprint, server, durations } = manifest
  const failure = copyFailure(backup.id, copies, inputs.copies.onFailure)
  const manifestUri = store.uri(manifestKey(locationOf(inputs), parseBackupId(backup.id)))
  return {
    outputs: {
      'backup-id': backup.id,
      kind: backup.kind,
      'archive-uri': store.uri(archive.key),
      'manifest-uri': manifestUri,
      bytes: archive.bytes,
      sha256: archive.sha256,
      'snapshot-at': backup.snapshotAt,
      'duration-seconds': Math.round(durations.totalMs / 1000),
      'server-version': server.version,
      tables: fingerprint.tables.length,
      rows: fingerprint.level === 'none' ? '' : countRows(fingerprint.tables),
      copies: listCopies(copies),
      'failed-copies': listFailedCopies(copies),
    },
    summary: renderDumpSummary(manifest, { manifestUri, store: inputs.store, copies, previous }),
    ...(failure && { failure }),
  }
}
