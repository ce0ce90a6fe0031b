import { availableParallelism } from 'node:os'
import { type BackupChoice, parseBackupChoice } from '../../core/backup/backup-selector.ts'
import { parseDatabaseName } from '../../core/backup/bucket-layout.ts'
import { parseThawTier, type ThawTier } from '../../core/backup/thaw.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { parsePlanDigest } from '../../core/restore/plan-digest.ts'
import { RESTORE_MODES, type RestoreMode } from '../../core/restore/restore-record.ts'
import type { ScopeInputs } from '../../core/restore/restore-scope.ts'
import { TRIGGER_CHOICES, type TriggerChoice } from '../../core/restore/row-trigger.ts'
import { parseSessionSetting, type SessionSetting } from '../../core/restore/session-settings.ts'
import { GIB, KIB, MIB } from '../../core/text/bytes.ts'
import { readOptionalConnection } from '../../runner/connection-input.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs, Read } from '../../runner/inputs.ts'
import { readPatterns } from '../../wiring/dump-inputs.ts'
import { readJobs } from '../../wiring/restore-inputs.ts'
import { type BackupStore, readBackupStore } from '../../wiring/store-inputs.ts'
import { readWritableStore } from '../../wiring/write-inputs.ts'

const CONTENTS = ['all', 'schema', 'data'] as const

export interface RestoreInputs extends BackupStore {
  readonly target: Connection
  readonly backup: BackupChoice
  /** How to ask for an archive in cold storage; undefined: not at all. */
  readonly thaw: ThawTier | undefined
  readonly mode: RestoreMode
  readonly newDatabase: string | undefined
  readonly confirm: string | undefined
  readonly confirmSource: string | undefined
  readonly expectPlan: string | undefined
  readonly allOrNothing: boolean
  readonly terminateSessions: boolean
  readonly skipSafetyBackup: string | undefined
  readonly content: (typeof CONTENTS)[number]
  readonly triggers: TriggerChoice | undefined
  readonly selection: ScopeInputs
  readonly sessionSettings: readonly SessionSetting[]
  readonly ownerRole: string | undefined
  readonly restoreGrants: boolean
  readonly maintenanceDatabase: string
  readonly targetDiskBytes: number | undefined
  readonly dryRun: boolean
  readonly jobs: number
  readonly timeoutMs: number
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readRestoreInputs(inputs: Inputs, environment: Environment): RestoreInputs {
  const { location, store } = readBackupStore(
    inputs,
    environment,
    inputs.parse('database', parseDatabaseName),
  )
  const content = inputs.oneOf('content', CONTENTS)
  const given = {
    target: readOptionalConnection(inputs, 'target-url') ?? inputs.problem('target-url', 'is required'),
    location,
    store: readWritableStore(inputs, store),
    backup: inputs.parse('backup', parseBackupChoice),
    thaw: inputs.parse('thaw', parseThawTier),
    mode: inputs.oneOf('mode', RESTORE_MODES),
    newDatabase: inputs.parseOptional('new-database', parseName),
    confirm: inputs.optional('confirm'),
    confirmSource: inputs.optional('confirm-source'),
    expectPlan: inputs.parseOptional('expect-plan', parsePlanDigest),
    allOrNothing: inputs.flag('all-or-nothing'),
    terminateSessions: inputs.flag('terminate-sessions'),
    skipSafetyBackup: inputs.parseOptional('skip-safety-backup', parseReason),
    content,
    triggers: inputs.parseOptional('triggers', parseTriggerChoice),
    selection: readScope(inputs, content),
    sessionSettings: inputs.parseLines('session-settings', parseSessionSetting),
    ownerRole: inputs.parseOptional('owner-role', parseName),
    restoreGrants: inputs.flag('restore-grants'),
    maintenanceDatabase: inputs.parse('maintenance-database', parseName),
    targetDiskBytes: inputs.parseOptional('target-disk-size', parseBytes),
    dryRun: inputs.flag('dry-run'),
    jobs: readJobs(inputs, 'jobs', availableParallelism()),
    timeoutMs: inputs.durationMs('timeout'),
  }
  inputs.combine(given, read => refuseContradictions(inputs, read))
  return inputs.finish(given)
}

function readScope(inputs: Inputs, content: Read<RestoreInputs['content']>): Read<ScopeInputs> {
  const given = { content, tables: readPatterns(inputs, 'tables'), schemas: readPatterns(inputs, 'schemas') }
  return inputs.combine(given, read => ({
    tables: read.tables,
    schemas: read.schemas,
    structureOnly: read.content === 'schema',
    rowsOnly: read.content === 'data',
  }))
}

/** What each input allows alone, but not together. */
function refuseContradictions(inputs: Inputs, read: RestoreInputs): void {
  const { mode, content, newDatabase, target, triggers, allOrNothing } = read
  refuseSelection(inputs, read)
  if (triggers !== undefined && content !== 'data')
    inputs.problem('triggers', 'is for content: data; everything else creates triggers after the rows')
  if (triggers === 'off' && !allOrNothing)
    inputs.problem('triggers', 'off needs all-or-nothing: true, so that every trigger gets its state back')
  if (newDatabase !== undefined && mode === 'overwrite')
    inputs.problem('new-database', 'is for the modes new-database and swap')
  if (newDatabase !== undefined && newDatabase === target.database)
    inputs.problem('new-database', `"${newDatabase}" is the database of target-url`)
}

/** Which parts of a backup each mode can restore. */
function refuseSelection(inputs: Inputs, { mode, content, selection }: RestoreInputs): void {
  const isSelective = selection.tables.length + selection.schemas.length > 0
  if (mode === 'swap' && (isSelective || content !== 'all'))
    inputs.problem('mode', 'swap replaces a whole database: leave out content, tables and schemas')
  if (mode === 'overwrite' && content === 'schema')
    inputs.problem('content', 'schema would leave a database without rows; use mode new-database')
  if (mode === 'overwrite' && content === 'all' && isSelective)
    inputs.problem(
      'tables',
      'would leave the other tables empty; add content: data to replace the rows of these, or use mode new-database and copy back what you need',
    )
  if (mode === 'overwrite' && content === 'data' && !isSelective)
    inputs.problem('content', 'data needs tables or schemas; leave it out to replace everything')
  if (mode === 'new-database' && content === 'data')
    inputs.problem('content', 'data needs tables that are there; a new database has none')
  if (content === 'schema' && isSelective)
    inputs.problem('content', 'schema takes the structure of all tables; leave out tables and schemas')
}

function parseTriggerChoice(text: string): TriggerChoice {
  const choice = TRIGGER_CHOICES.find(candidate => candidate === text)
  if (choice === undefined) throw new RangeError('expected off or fire')
  return choice
}

/** A name as PostgreSQL keeps it: 63 bytes, and nothing that a terminal would not show. */
function parseName(text: string): string {
  if (text.length === 0 || new TextEncoder().encode(text).length > 63 || /\p{Cc}/u.test(text))
    throw new RangeError('expected a name of 1 to 63 bytes')
  return text
}

/** A reason, to be read months later. */
function parseReason(text: string): string {
  if (text.trim().length < 10)
    throw new RangeError('expected a reason of ten letters or more: it goes into the record')
  return text.trim()
}

const UNITS: Readonly<Record<string, number>> = {
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  MIB: MIB,
  GIB: GIB,
  TIB: GIB * KIB,
}

function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([MGT]i?B)$/i.exec(text)
  if (match === null) throw new RangeError('expected a size such as 15GiB or 256GB')
  return Math.floor(Number(match[1]) * (UNITS[(match[2] ?? '').toUpperCase()] ?? 0))
}
