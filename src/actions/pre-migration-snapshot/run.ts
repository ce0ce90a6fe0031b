import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ActionResult } from '../../core/action-result.ts'
import { detectMigrations } from '../../core/migrations/detect.ts'
import type { MigrationReport } from '../../core/migrations/migration-report.ts'
import type { PastGate } from '../../core/summary/gate-trend.ts'
import { countHiddenSessions, readBlockers } from '../../postgres/catalog/blockers.ts'
import { readIdentity } from '../../postgres/catalog/database-identity.ts'
import { readMigrationTables } from '../../postgres/catalog/migration-tables.ts'
import { openSession } from '../../postgres/session/session.ts'
import type { Action } from '../../runner/action.ts'
import { withDeadline } from '../../runner/deadline.ts'
import { toOperatorError } from '../../runner/failure.ts'
import { readPastGates } from '../../steps/backups/past-records.ts'
import { type GateReport, gate } from '../../steps/gate/gate.ts'
import type { BlockingSessions } from '../../steps/gate/wait-for-blockers.ts'
import { Store } from '../../storage/store.ts'
import { describeRun } from '../../wiring/dump-deps.ts'
import { hasOpenUpload, removeOpenUploads } from '../../wiring/open-uploads.ts'
import { stopLeftServer } from '../../wiring/scratch-server.ts'
import { backUpAfterDeploy } from './after-deploy.ts'
import { findCopies } from './find-copies.ts'
import type { GateRun } from './gate-run.ts'
import { type GateInputs, readGateInputs } from './inputs.ts'
import { listByCommand } from './migration-command.ts'
import { gateOutputs } from './outputs.ts'
import { readProjectFiles } from './project-files.ts'
import { takeBackup, verify } from './restore-point.ts'
import { describeHidden, renderGateSummary, renderRestorePointCommands } from './summary.ts'

export const preMigrationSnapshot: Action = {
  async main(context) {
    // Before anything else: a step that is killed leaves these.
    context.setOutputs(gateOutputs({ migrationsPending: true }))
    try {
      const inputs = readGateInputs(context.inputs, context.environment)
      const signal = withDeadline(context.signal, ...timeLimit(inputs))
      await using temp = await context.createTempDir()
      using store = new Store(inputs.store, context.log, signal)
      const gateRun: GateRun = { context, inputs, store, signal, directory: temp.path }
      if (inputs.soak !== undefined) return await backUpAfterDeploy(gateRun, inputs.soak)
      const report = await runGate(gateRun)
      const previous = report.kind === 'open' ? await readPastGates(inputs.location, store) : undefined
      return toResult(report, previous, store, inputs)
    } catch (error) {
      // Fail closed, in the outputs too; the runner boundary reports the error.
      return { outputs: gateOutputs({ migrationsPending: true }), failure: toOperatorError(error) }
    }
  },

  /** Removes what a main phase left that was killed before it could clean up. */
  async post(context) {
    await stopLeftServer(context)
    if (!hasOpenUpload(context)) return
    const inputs = readGateInputs(context.inputs, context.environment)
    using store = new Store(inputs.store, context.log, context.signal)
    await removeOpenUploads(context, inputs.location, store, inputs.copies.targets)
  },
}

/** The soak is added: it is waiting on purpose. */
function timeLimit({ timeoutMs, soak }: GateInputs): readonly [ms: number, input: string] {
  return soak === undefined ? [timeoutMs, 'timeout'] : [timeoutMs + soak.soakMs, 'soak and timeout']
}

function runGate(gateRun: GateRun): Promise<GateReport> {
  const { context, inputs, store, signal } = gateRun
  return gate(
    { ...inputs, nonce: randomBytes(4).toString('hex'), run: describeRun(context.environment) },
    {
      store,
      log: context.log,
      now: () => new Date(),
      pause: ms => sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted()),
      detectMigrations: () => findMigrations(gateRun),
      readBlockingSessions: () => readBlockingSessions(gateRun),
      readIdentity: async () => {
        await using session = await openSession(inputs.connection, signal, 'reading')
        return await readIdentity(session)
      },
      findCopies: manifest => findCopies(gateRun, manifest),
      dump: judge => takeBackup(gateRun, 'pre-migration', judge),
      verify: (manifest, level) => verify(gateRun, manifest, level),
    },
  )
}

async function readBlockingSessions({ inputs, context, signal }: GateRun): Promise<BlockingSessions> {
  await using session = await openSession(inputs.connection, signal, 'reading')
  const hiddenSessions = await countHiddenSessions(session)
  if (hiddenSessions > 0) context.log.info(`Some sessions are hidden. ${describeHidden(hiddenSessions)}`)
  return {
    blockers: await readBlockers(session, { olderThanMs: inputs.maxTransactionAgeMs }),
    hiddenSessions,
  }
}

async function findMigrations(gateRun: GateRun): Promise<MigrationReport> {
  const { inputs, signal } = gateRun
  const { migrations } = inputs
  if (migrations.by === 'always') {
    return {
      tool: undefined,
      source: 'migrations: always',
      pending: [],
      state: 'pending',
      why: 'A restore point is always taken.',
    }
  }
  if (migrations.by === 'command') return listByCommand(migrations.command, gateRun)
  await using session = await openSession(inputs.connection, signal, 'reading')
  return detectMigrations({
    folder: await readProjectFiles(inputs.project),
    database: await readMigrationTables(session),
  })
}

function toResult(
  report: GateReport,
  previous: readonly PastGate[] | undefined,
  store: Store,
  inputs: GateInputs,
): ActionResult {
  const summary = renderGateSummary(report, {
    store: inputs.store,
    recordUri: report.kind === 'open' ? store.uri(report.recordKey) : undefined,
    previous,
  })
  if (report.kind === 'nothing-pending')
    return { outputs: gateOutputs({ migrationsPending: false }), summary }
  const { manifest, copies, level, migrations, recordKey } = report
  const { object, backup } = manifest
  return {
    outputs: gateOutputs({
      migrationsPending: migrations.state !== 'none',
      backupId: backup.id,
      restorePoint: store.uri(object.key),
      snapshotAt: backup.snapshotAt,
      level,
      restoreCommand: renderRestorePointCommands(manifest, inputs.store),
      gateUri: store.uri(recordKey),
      copies,
    }),
    summary,
  }
}
