import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { copyFailure } from '../../core/backup/copies.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import type { Verdict } from '../../core/checks/check.ts'
import { OperatorError } from '../../core/errors.ts'
import type { VerifyLevel } from '../../core/gate/gate-record.ts'
import { parseVersion } from '../../core/pg/version.ts'
import { decodeArchive } from '../../postgres/client-tools/pg-restore.ts'
import { openSource } from '../../postgres/source/source.ts'
import { verifyArchive, verifyChecksum } from '../../steps/backups/verify-archive.ts'
import { drill } from '../../steps/drill/drill.ts'
import { dump } from '../../steps/dump/dump.ts'
import type { DumpDeps, DumpResult } from '../../steps/dump/request.ts'
import { readBackArchive } from '../../storage/verify-archive.ts'
import { createDrillDeps } from '../../wiring/drill-deps.ts'
import { createDumpDeps, describeRun } from '../../wiring/dump-deps.ts'
import { requireTool } from '../../wiring/require-tool.ts'
import type { GateRun } from './gate-run.ts'

/**
 * A new backup; `judge` may keep it from becoming one. Throws COPY_FAILED where every copy must be made and
 * one is not.
 */
export async function takeBackup(
  { context, inputs, store, signal, directory }: GateRun,
  kind: 'pre-migration' | 'post-migration',
  judge?: DumpDeps['judge'],
): Promise<DumpResult> {
  const { connection, location, options, storageClass, compatibility, copies } = inputs
  await using source = await openSource(connection, signal)
  const dumped = await dump(
    {
      location,
      kind,
      options,
      fingerprint: 'counts',
      storage: { storageClass, compatibility },
      copies,
      run: describeRun(context.environment),
    },
    { ...createDumpDeps(context, source, connection, store, directory), ...(judge && { judge }) },
  )
  const failure = copyFailure(dumped.manifest.backup.id, dumped.copies, copies.onFailure)
  if (failure !== undefined) throw failure
  return dumped
}

/**
 * Throws where the backup cannot be proven to that level: GATE_UNVERIFIED, ARCHIVE_CORRUPT, BACKUP_NOT_FOUND,
 * TOOL_MISSING and what a drill throws.
 */
export async function verify(run: GateRun, manifest: Manifest, level: VerifyLevel): Promise<void> {
  const { context, inputs, store, signal, directory } = run
  if (level === 'checksum')
    return verifyChecksum(manifest, { store, readBack: () => readBackArchive(store, manifest.object) })
  const drillOptions = {
    store,
    signal,
    directory,
    scratch: undefined,
    live: undefined,
    amcheck: false,
    jobs: availableParallelism(),
  }
  const deps = await createDrillDeps(context, drillOptions, manifest)
  if (level === 'archive') {
    const { path } = await requireTool(
      context,
      'pg_restore',
      parseVersion(manifest.archive.toolVersion).major,
    )
    return verifyArchive(manifest, {
      ...deps,
      archivePath: join(directory, 'archive.dump'),
      disk: async () => ({ ...(await deps.disk()), databaseBytes: 0 }),
      decode: () =>
        decodeArchive(path, join(directory, 'archive.dump'), context.environment.variables, signal),
    })
  }
  const request = {
    manifest,
    location: inputs.location,
    maxAgeMs: undefined,
    criteria: [],
    nonce: randomBytes(4).toString('hex'),
    run: describeRun(context.environment),
  }
  const { record, recordKey, notRecorded } = await drill(request, { ...deps, smoke: undefined })
  if (notRecorded !== undefined) throw notRecorded
  refuseUnlessPassed(record.drill.verdict, store.uri(recordKey))
}

/** What counted no rows is never reused for a drill, so not-measured means that there are no rows. */
const NEXT_STEPS: Readonly<Record<Exclude<Verdict, 'pass'>, string>> = {
  fail: 'Read the drill record. If the restore point was reused, run the gate again without reuse-within.',
  'not-measured':
    'No table holds a row, so a drill has nothing to compare. Set verify-level: archive until one does.',
}

function refuseUnlessPassed(verdict: Verdict, uri: string): void {
  if (verdict === 'pass') return
  throw new OperatorError(
    'GATE_UNVERIFIED',
    `The drill of the restore point ended with ${verdict}: ${uri}.`,
    { hint: `${NEXT_STEPS[verdict]} The deploy must not go on without a verified restore point.` },
  )
}
