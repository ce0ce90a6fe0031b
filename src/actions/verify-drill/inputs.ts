import { availableParallelism } from 'node:os'
import { type BackupChoice, parseBackupChoice } from '../../core/backup/backup-selector.ts'
import { type Location, parseDatabaseName, parseDestination } from '../../core/backup/bucket-layout.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { parsePointInTime } from '../../core/render/recovery-window.ts'
import { parseDuration } from '../../core/text/duration.ts'
import { readOptionalConnection } from '../../runner/connection-input.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs } from '../../runner/inputs.ts'
import type { StoreConfig } from '../../storage/client.ts'
import { readStoreConfig } from '../../wiring/store-inputs.ts'
import { readWriteSettings } from '../../wiring/write-inputs.ts'

/** Which verdicts make the step fail. */
const FAIL_ON = ['fail', 'not-measured', 'never'] as const

export interface DrillInputs {
  readonly location: Location
  readonly store: StoreConfig
  readonly backup: BackupChoice
  readonly maxAgeMs: number | undefined
  readonly scratch: Connection | undefined
  /** A database that another tool restored; then nothing is restored here. */
  readonly restored: Connection | undefined
  /** The time that it shows; undefined: that of the backup. */
  readonly recoveredTo: Date | undefined
  readonly live: Connection | undefined
  readonly criteriaFile: string | undefined
  readonly amcheck: boolean
  readonly smokeCommand: string | undefined
  readonly smokeTimeoutMs: number
  readonly jobs: number
  readonly failOn: (typeof FAIL_ON)[number]
  readonly timeoutMs: number
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readDrillInputs(inputs: Inputs, environment: Environment): DrillInputs {
  const destination = inputs.parse('destination', parseDestination)
  const database = inputs.parse('database', parseDatabaseName)
  const scratch = readOptionalConnection(inputs, 'scratch-url')
  const restored = readOptionalConnection(inputs, 'restored-url')
  const amcheck = inputs.flag('amcheck')
  if (restored !== undefined && scratch !== undefined)
    inputs.problem('restored-url', 'is set, and so is scratch-url: nothing would be restored there')
  if (restored !== undefined && amcheck)
    inputs.problem('amcheck', 'creates an extension, and nothing is created in restored-url')
  return inputs.finish({
    location: { prefix: destination?.prefix ?? '', database },
    store: { ...readStoreConfig(inputs, environment, destination), ...readWriteSettings(inputs) },
    backup: inputs.parse('backup', parseBackupChoice),
    maxAgeMs: inputs.parseOptional('max-age', parseDuration),
    scratch,
    restored,
    recoveredTo: readRecoveredTo(inputs),
    live: readOptionalConnection(inputs, 'live-url'),
    criteriaFile: inputs.optional('criteria'),
    amcheck,
    smokeCommand: inputs.optional('smoke-command'),
    smokeTimeoutMs: inputs.durationMs('smoke-timeout'),
    // With one job every COPY writes WAL at any wal_level (docs/adr/0006).
    jobs: inputs.parseOptional('jobs', parseJobs) ?? Math.max(2, availableParallelism()),
    failOn: inputs.oneOf('fail-on', FAIL_ON),
    timeoutMs: inputs.durationMs('timeout'),
  })
}

function readRecoveredTo(inputs: Inputs): Date | undefined {
  const instant = inputs.parseOptional('recovered-to', parsePointInTime)
  if (instant === 'latest') inputs.problem('recovered-to', 'expected an instant, not latest')
  return instant === 'latest' ? undefined : instant
}

function parseJobs(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new RangeError('expected a whole number from 1 to 99')
  return Number(text)
}
