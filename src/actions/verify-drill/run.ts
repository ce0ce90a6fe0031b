import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { ActionResult } from '../../core/action-result.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import type { Criterion } from '../../core/criteria/criterion.ts'
import { recoveryTimeMs } from '../../core/drill/drill-record.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { PastDrill } from '../../core/summary/drill-trend.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import { printable } from '../../core/text/markdown.ts'
import type { Action, ActionContext } from '../../runner/action.ts'
import { withDeadline } from '../../runner/deadline.ts'
import { toOperatorError } from '../../runner/failure.ts'
import { findBackup } from '../../steps/backups/find-backup.ts'
import { readPastDrills } from '../../steps/backups/past-records.ts'
import { requireAwake } from '../../steps/backups/require-awake.ts'
import { type DrillReport, drill } from '../../steps/drill/drill.ts'
import { judgeRestored } from '../../steps/drill/judge-restored.ts'
import type { DrillDeps } from '../../steps/drill/request.ts'
import { Store } from '../../storage/store.ts'
import { createDrillDeps } from '../../wiring/drill-deps.ts'
import { describeRun } from '../../wiring/dump-deps.ts'
import { createRestoredDeps } from '../../wiring/restored-deps.ts'
import { dropLeftDatabase, stopLeftServer } from '../../wiring/scratch-server.ts'
import { createThawDeps } from '../../wiring/thaw-deps.ts'
import { readCriteria } from './criteria-file.ts'
import { type DrillInputs, readDrillInputs } from './inputs.ts'
import { runSmokeCommand } from './smoke.ts'
import { renderDrillSummary } from './summary.ts'
import { toFailure } from './verdict-failure.ts'

const NAMES_SHOWN = 50

/** Set on every way out, so that a workflow can always read them: nothing is proven until it is. */
const NOT_HELD = {
  verdict: 'not-measured',
  'backup-id': '',
  'drill-uri': '',
  'recovery-seconds': '',
  'failed-checks': '',
} as const

export const verifyDrill: Action = {
  async main(context) {
    try {
      return await holdDrill(context)
    } catch (error) {
      return { outputs: NOT_HELD, failure: toOperatorError(error) }
    }
  },

  /** Stops and removes what a main phase left that was killed before it could clean up. */
  async post(context) {
    await stopLeftServer(context)
    await dropLeftDatabase(context, () => readDrillInputs(context.inputs, context.environment).scratch)
  },
}

async function holdDrill(context: ActionContext): Promise<ActionResult> {
  const inputs = readDrillInputs(context.inputs, context.environment)
  const criteria = await readCriteriaFile(inputs.criteriaFile)
  const signal = withDeadline(context.signal, inputs.timeoutMs)
  await using temp = await context.createTempDir()
  using store = new Store(inputs.store, context.log, signal)
  const skippedBackups: string[] = []
  const manifest = await findBackup(inputs.backup, inputs.location, store, context.log, {
    isForRestore: true,
    onSkipped: why => skippedBackups.push(why),
  })
  context.log.info(
    `Backup ${manifest.backup.id}: ${renderBytes(manifest.object.bytes)}, shows ${manifest.backup.database} at ${manifest.backup.snapshotAt}.`,
  )
  if (inputs.restored !== undefined)
    return await judge(context, inputs, { store, signal, manifest, criteria })
  const nonce = randomBytes(4).toString('hex')
  const { location, thaw } = inputs
  const asker = describeRun(context.environment)
  await requireAwake({ manifest, location, tier: thaw, nonce, run: asker }, createThawDeps(store))
  const run = { ...inputs, store, signal, directory: temp.path }
  const deps = await createDrillDeps(context, run, manifest)
  const previous = await readPastDrills(inputs.location, store)
  const report = await drill(
    {
      manifest,
      location,
      maxAgeMs: inputs.maxAgeMs,
      criteria,
      nonce,
      skippedBackups,
      run: asker,
    },
    { ...deps, smoke: smokeOf(context, inputs, signal) },
  )
  return toResult(report, store.uri(report.recordKey), previous, inputs.failOn)
}

interface JudgedParts {
  readonly store: Store
  readonly signal: AbortSignal
  readonly manifest: Manifest
  readonly criteria: readonly Criterion[]
}

/** Judges a database that another tool restored. */
async function judge(
  context: ActionContext,
  inputs: DrillInputs,
  { store, signal, manifest, criteria }: JudgedParts,
): Promise<ActionResult> {
  const { restored, live, location, recoveredTo } = inputs
  if (restored === undefined) throw new Error('there is no restored database')
  const { variables } = context.environment
  const { smokeCommand: command, smokeTimeoutMs: timeoutMs } = inputs
  const smoke =
    command === undefined
      ? undefined
      : () => runSmokeCommand({ command, timeoutMs, database: restored, variables, signal, log: context.log })
  const report = await judgeRestored(
    {
      ...{ manifest, location, criteria, restored, recoveredTo },
      nonce: randomBytes(4).toString('hex'),
      run: describeRun(context.environment),
    },
    { ...createRestoredDeps(context, restored, live, store, signal), smoke },
  )
  return toResult(report, store.uri(report.recordKey), undefined, inputs.failOn)
}

async function readCriteriaFile(path: string | undefined): Promise<readonly Criterion[]> {
  if (path === undefined) return []
  try {
    return readCriteria(await readFile(path, 'utf8'), path)
  } catch (error) {
    if (error instanceof OperatorError) throw error
    throw new OperatorError('INVALID_INPUT', `criteria: ${path} cannot be read: ${errorMessage(error)}`, {
      hint: 'Check the path, and that actions/checkout ran before this step.',
      cause: error,
    })
  }
}

function smokeOf(context: ActionContext, inputs: DrillInputs, signal: AbortSignal): DrillDeps['smoke'] {
  const { smokeCommand: command, smokeTimeoutMs: timeoutMs } = inputs
  if (command === undefined) return undefined
  const { variables } = context.environment
  return ({ connection }) =>
    runSmokeCommand({ command, timeoutMs, database: connection, variables, signal, log: context.log })
}

/** What comes after this step puts them into an issue or a chat; the record has all of them. */
function listNames(names: readonly string[]): string {
  const hidden = names.length - NAMES_SHOWN
  return [
    ...names.slice(0, NAMES_SHOWN).map(printable),
    ...(hidden > 0 ? [`… and ${hidden} more`] : []),
  ].join('\n')
}

function toResult(
  { record, notRecorded }: DrillReport,
  recordUri: string,
  previous: readonly PastDrill[] | undefined,
  failOn: DrillInputs['failOn'],
): ActionResult {
  if (notRecorded !== undefined) {
    const summary = renderDrillSummary(record, { recordUri: undefined, previous })
    return { outputs: NOT_HELD, summary, failure: notRecorded }
  }
  const recoveryMs = recoveryTimeMs(record.durations)
  const failed = record.checks.filter(check => check.verdict === 'fail').map(check => check.name)
  const failure = toFailure(record, failOn)
  return {
    outputs: {
      verdict: record.drill.verdict,
      'backup-id': record.backup.id,
      'drill-uri': recordUri,
      'recovery-seconds': recoveryMs === null ? '' : Math.round(recoveryMs / 1000),
      'failed-checks': listNames(failed),
    },
    summary: renderDrillSummary(record, { recordUri, previous }),
    ...(failure && { failure }),
  }
}
