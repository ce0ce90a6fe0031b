import { availableParallelism } from 'node:os'
import { type BackupChoice, parseBackupChoice } from '../../core/backup/backup-selector.ts'
import { parseDatabaseName } from '../../core/backup/bucket-layout.ts'
import { parseThawTier, type ThawTier } from '../../core/backup/thaw.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { parseDuration } from '../../core/text/duration.ts'
import { readOptionalConnection } from '../../runner/connection-input.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs } from '../../runner/inputs.ts'
import { readJobs, readRecoveredTo } from '../../wiring/restore-inputs.ts'
import { type BackupStore, readBackupStore } from '../../wiring/store-inputs.ts'
import { readWritableStore } from '../../wiring/write-inputs.ts'

/** Which verdicts make the step fail. */
const FAIL_ON = ['fail', 'not-measured', 'never'] as const

export interface DrillInputs extends BackupStore {
  readonly backup: BackupChoice
  readonly maxAgeMs: number | undefined
  /** How to ask for an archive in cold storage; undefined: not at all. */
  readonly thaw: ThawTier | undefined
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
  const { location, store } = readBackupStore(
    inputs,
    environment,
    inputs.parse('database', parseDatabaseName),
  )
  const scratch = readOptionalConnection(inputs, 'scratch-url')
  const restored = readOptionalConnection(inputs, 'restored-url')
  const amcheck = inputs.flag('amcheck')
  if (restored !== undefined && scratch !== undefined)
    inputs.problem('restored-url', 'is set, and so is scratch-url: nothing would be restored there')
  if (restored !== undefined && amcheck === true)
    inputs.problem('amcheck', 'creates an extension, and nothing is created in restored-url')
  return inputs.finish({
    location,
    store: readWritableStore(inputs, store),
    backup: inputs.parse('backup', parseBackupChoice),
    maxAgeMs: inputs.parseOptional('max-age', parseDuration),
    thaw: inputs.parse('thaw', parseThawTier),
    scratch,
    restored,
    recoveredTo: readRecoveredTo(inputs, 'recovered-to'),
    live: readOptionalConnection(inputs, 'live-url'),
    criteriaFile: inputs.optional('criteria'),
    amcheck,
    smokeCommand: inputs.optional('smoke-command'),
    smokeTimeoutMs: inputs.durationMs('smoke-timeout'),
    // With one job every COPY writes WAL at any wal_level (docs/adr/0006).
    jobs: readJobs(inputs, 'jobs', Math.max(2, availableParallelism())),
    failOn: inputs.oneOf('fail-on', FAIL_ON),
    timeoutMs: inputs.durationMs('timeout'),
  })
}
