import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ActionResult } from '../../core/action-result.ts'
import type { Verdict } from '../../core/check.ts'
import { OperatorError } from '../../core/errors.ts'
import type { GateRecord, VerifyLevel } from '../../core/gate-record.ts'
import type { Manifest } from '../../core/manifest.ts'
import { detectMigrations } from '../../core/migrations/detect.ts'
import type { MigrationReport } from '../../core/migrations/migration-report.ts'
import { renderRestoreCommands } from '../../core/restore-commands.ts'
import { countHiddenSessions, readBlockers } from '../../postgres/blockers.ts'
import { readMigrationTables } from '../../postgres/migration-tables.ts'
import { decodeArchive } from '../../postgres/pg-restore.ts'
import { openSession } from '../../postgres/session.ts'
import { openSource } from '../../postgres/source.ts'
import type { Action } from '../../runner/action.ts'
import { withDeadline } from '../../runner/deadline.ts'
import { toOperatorError } from '../../runner/failure.ts'
import { drill } from '../../steps/drill.ts'
import { dump } from '../../steps/dump.ts'
import { type GateReport, gate } from '../../steps/gate.ts'
import { readPastGates } from '../../steps/past-records.ts'
import { verifyArchive, verifyChecksum } from '../../steps/verify-archive.ts'
import { Store } from '../../storage/store.ts'
import { createDrillTools, requireTool, stopLeftServer } from '../drill-tools.ts'
import { createDumpTools, hasOpenUpload, madeBy, removeOpenUpload } from '../dump-tools.ts'
import { backUpAfterDeploy } from './after.ts'
import { type GateInputs, readGateInputs } from './inputs.ts'
import { listByCommand } from './migration-command.ts'
import { readProjectFiles } from './migration-folder.ts'
import { gateOutputs } from './outputs.ts'
import type { GateSetting } from './setting.ts'
import { renderGateSummary } from './summary.ts'

export const preMigrationSnapshot: Action = {
  async main(context) {
    // Before anything else: a step that is killed leaves these.
    context.setOutputs(gateOutputs({ migrationsPending: true }))
    try {
      const inputs = readGateInputs(context.inputs, context.environment)
      const signal = withDeadline(context.signal, inputs.maxDurationMs + (inputs.soak?.soakMs ?? 0))
      await using temp = await context.createTempDir()
      using store = new Store(inputs.store, context.log, signal)
      const setting: GateSetting = { context, inputs, store, signal, directory: temp.path }
      if (inputs.soak !== undefined)
        return await backUpAfterDeploy(setting, inputs.soak, () => takeBackup(setting, 'post-migration'))
      const report = await runGate(setting)
      const previous = report.kind === 'open' ? await readPastGates(inputs.location, store) : undefined
      return toResult(report, previous, store, inputs)
    } catch (error) {
      // Fail closed, and say so in the outputs; the runner boundary tells the error.
      return { outputs: gateOutputs({ migrationsPending: true }), failure: toOperatorError(error) }
    }
  },

  /** Removes what a main phase left that was killed before it could clean up. */
  async post(context) {
    await stopLeftServer(context)
    if (!hasOpenUpload(context)) return
    const inputs = readGateInputs(context.inputs, context.environment)
    using store = new Store(inputs.store, context.log, context.signal)
    await removeOpenUpload(context, inputs.location, store)
  },
}

function runGate(setting: GateSetting): Promise<GateReport> {
  const { context, inputs, store, signal } = setting
  return gate(
    { ...inputs, nonce: randomBytes(4).toString('hex'), run: madeBy(context.environment) },
    {
      store,
      log: context.log,
      now: () => new Date(),
      pause: ms => sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted()),
      detectMigrations: () => findMigrations(setting),
      readBlockers: async () => {
        await using session = await openSession(inputs.connection, signal)
        const hidden = await countHiddenSessions(session)
        if (hidden > 0)
          context.log.info(`This role may not see what ${hidden} other sessions do: GRANT pg_monitor to see.`)
        return await readBlockers(session, { olderThanMs: inputs.maxTransactionAgeMs })
      },
      dump: () => takeBackup(setting, 'pre-migration'),
      verify: (manifest, level) => verify(setting, manifest, level),
    },
  )
}

async function findMigrations(setting: GateSetting): Promise<MigrationReport> {
  const { inputs, signal } = setting
  const { migrations } = inputs
  if (migrations.by === 'always') {
    return {
      tool: undefined,
      source: 'migrations: always',
      pending: [],
      state: 'pending',
      why: 'Always asked for a restore point.',
    }
  }
  if (migrations.by === 'command') return listByCommand(migrations.command, setting)
  await using session = await openSession(inputs.connection, signal)
  return detectMigrations({
    folder: await readProjectFiles(inputs.project),
    database: await readMigrationTables(session),
  })
}

async function takeBackup(
  { context, inputs, store, signal, directory }: GateSetting,
  kind: 'pre-migration' | 'post-migration',
): Promise<Manifest> {
  const { connection, location, options, storageClass, sse, compatibility } = inputs
  await using source = await openSource(connection, signal)
  return await dump(
    {
      location,
      kind,
      options,
      fingerprint: 'counts',
      storage: { storageClass, sse, compatibility, tags: [] },
      madeBy: madeBy(context.environment),
    },
    createDumpTools(context, source, connection, store, directory),
  )
}

async function verify(setting: GateSetting, manifest: Manifest, level: VerifyLevel): Promise<void> {
  const { context, inputs, store, signal, directory } = setting
  if (level === 'checksum') return verifyChecksum(manifest, store)
  const places = {
    store,
    signal,
    directory,
    scratch: undefined,
    live: undefined,
    amcheck: false,
    jobs: availableParallelism(),
  }
  const tools = await createDrillTools(context, places, manifest)
  if (level === 'archive') {
    const { path } = await requireTool(context, 'pg_restore', 1)
    return verifyArchive(manifest, {
      ...tools,
      archivePath: join(directory, 'archive.dump'),
      disk: async () => ({ ...(await tools.disk()), databaseBytes: 0 }),
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
    run: madeBy(context.environment),
  }
  const { record, recordKey, notRecorded } = await drill(request, { ...tools, smoke: undefined })
  if (notRecorded !== undefined) throw notRecorded
  refuseVerdict(record.drill.verdict, store.uri(recordKey))
}

function refuseVerdict(verdict: Verdict, uri: string): void {
  if (verdict === 'pass') return
  throw new OperatorError(
    'GATE_UNVERIFIED',
    `The drill of the restore point ended with ${verdict}: ${uri}.`,
    {
      hint: 'Read the record of the drill; without a verified restore point the deploy must not go on.',
    },
  )
}

function toResult(
  report: GateReport,
  previous: readonly GateRecord[] | undefined,
  store: Store,
  inputs: GateInputs,
): ActionResult {
  const { endpoint } = inputs.store
  const summary = renderGateSummary(report, {
    endpoint,
    recordUri: report.kind === 'open' ? store.uri(report.recordKey) : undefined,
    previous,
  })
  if (report.kind === 'nothing-pending')
    return { outputs: gateOutputs({ migrationsPending: false }), summary }
  const { manifest, level, migrations, recordKey } = report
  const { object, archive, backup } = manifest
  return {
    outputs: gateOutputs({
      migrationsPending: migrations.state !== 'none',
      backupId: backup.id,
      restorePoint: store.uri(object.key),
      snapshotAt: backup.snapshotAt,
      level,
      restoreCommand: renderRestoreCommands(object, archive.format, endpoint).file,
      gateUri: store.uri(recordKey),
    }),
    summary,
  }
}
