import { type DumpOptions, parseCompression } from '../../core/backup/dump-options.ts'
import { isColdStorage } from '../../core/backup/storage-class.ts'
import { VERIFY_LEVELS, type VerifyLevel } from '../../core/gate/gate-record.ts'
import type { PlausibilityRules } from '../../core/gate/row-drops.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { parseDuration } from '../../core/text/duration.ts'
import { readConnection } from '../../runner/connection-input.ts'
import type { Environment } from '../../runner/environment.ts'
import { type Inputs, type Read, Refused } from '../../runner/inputs.ts'
import type { Copies } from '../../steps/dump/request.ts'
import type { SoakRequest } from '../../steps/gate/soak.ts'
import { COMPATIBILITY, type Compatibility } from '../../storage/multipart/upload-request.ts'
import { readCopies } from '../../wiring/copy-inputs.ts'
import {
  parseStorageClass,
  readDatabaseName,
  readLockTimeoutMs,
  readPatterns,
} from '../../wiring/dump-inputs.ts'
import { type BackupStore, readBackupStore } from '../../wiring/store-inputs.ts'
import { readWritableStore } from '../../wiring/write-inputs.ts'

const PHASES = ['before', 'after'] as const
const PROBE_INTERVAL_MS = 10_000
const PROBE_TIMEOUT_MS = 5000

/** How the gate learns whether there is anything to migrate. */
type MigrationSource =
  | { readonly by: 'auto' }
  | { readonly by: 'always' }
  | { readonly by: 'command'; readonly command: string }

export interface GateInputs extends BackupStore {
  readonly phase: (typeof PHASES)[number]
  readonly connection: Connection
  readonly compatibility: Compatibility
  readonly copies: Copies
  readonly storageClass: string
  readonly options: DumpOptions
  readonly migrations: MigrationSource
  readonly project: string
  readonly onNone: 'skip' | 'snapshot'
  /** Null does not look for blockers. */
  readonly waitForBlockersMs: number | null
  readonly maxTransactionAgeMs: number
  readonly reuseWithinMs: number | undefined
  readonly level: VerifyLevel
  readonly timeoutMs: number
  readonly plausibility: PlausibilityRules
  /** Undefined in the phase before. */
  readonly soak: SoakRequest | undefined
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readGateInputs(inputs: Inputs, environment: Environment): GateInputs {
  const connection = readConnection(inputs, environment, 'database-url')
  const database = readDatabaseName(inputs, connection, 'database')
  const { location, store } = readBackupStore(inputs, environment, database)
  const phase = inputs.oneOf('phase', PHASES)
  return inputs.finish({
    phase,
    connection,
    location,
    store: readWritableStore(inputs, store),
    compatibility: inputs.oneOf('s3-compatibility', COMPATIBILITY),
    copies: readCopies(inputs, environment, { location, store }),
    storageClass: inputs.parse('storage-class', parseWarmStorageClass),
    options: readOptions(inputs),
    migrations: inputs.parse('migrations', parseMigrations),
    project: inputs.text('project'),
    onNone: inputs.oneOf('on-none', ['skip', 'snapshot']),
    waitForBlockersMs: inputs.parse('on-blockers', parseOnBlockers),
    maxTransactionAgeMs: inputs.durationMs('max-transaction-age'),
    reuseWithinMs: inputs.parseOptional('reuse-within', parseDuration),
    level: inputs.oneOf('verify-level', VERIFY_LEVELS),
    timeoutMs: inputs.durationMs('timeout'),
    plausibility: readPlausibility(inputs),
    soak: readSoak(inputs, phase),
  })
}

function readOptions(inputs: Inputs): Read<DumpOptions> {
  const given = {
    compression: inputs.parse('compression', parseCompression),
    tables: readPatterns(inputs, 'tables'),
    lockTimeoutMs: readLockTimeoutMs(inputs, 'lock-timeout'),
  }
  return inputs.combine(given, read => ({ ...read, format: 'custom', excludeTables: [], schemas: [] }))
}

function readPlausibility(inputs: Inputs): Read<PlausibilityRules> {
  const maxDropPercent = inputs.parse('max-drop', parsePercent)
  const expectedDrops = inputs.lines('expected-drops')
  return inputs.combine({ maxDropPercent }, read => ({ ...read, expectedDrops }))
}

function readSoak(inputs: Inputs, phase: Read<GateInputs['phase']>): Read<SoakRequest | undefined> {
  const given = {
    url: inputs.parseOptional('health-url', parseHttpUrl),
    soakMs: inputs.durationMs('soak'),
    expectStatus: inputs.parse('health-status', parseStatus),
    failuresAllowed: inputs.parse('health-failures', parseCount),
  }
  if (phase !== 'after') return phase instanceof Refused ? phase : undefined
  return inputs.combine(given, ({ url, ...read }) => {
    if (url === undefined) return inputs.problem('health-url', 'is required in the phase after')
    return {
      ...read,
      url,
      shownUrl: url.replace(/[?#].*$/s, ''),
      probes: Math.max(1, Math.ceil(read.soakMs / PROBE_INTERVAL_MS)),
      timeoutMs: PROBE_TIMEOUT_MS,
      intervalMs: Math.min(PROBE_INTERVAL_MS, Math.max(1, read.soakMs)),
    }
  })
}

/** `migrations: true` means a boolean, but a shell would run a command that prints nothing. */
const NO_COMMAND = /^(true|false|yes|no|on|off|none|never)$/i

function parseMigrations(text: string): MigrationSource {
  if (NO_COMMAND.test(text))
    throw new RangeError(
      'expected auto, always, or a shell command that prints a line for each pending migration',
    )
  if (text === 'auto' || text === 'always') return { by: text }
  return { by: 'command', command: text }
}

/** What takes hours to read cannot be verified, and cannot restore a deploy. */
function parseWarmStorageClass(text: string): string {
  const storageClass = parseStorageClass(text)
  if (isColdStorage(storageClass))
    throw new RangeError('expected a class that can be read at once, such as STANDARD_IA or GLACIER_IR')
  return storageClass
}

function parseOnBlockers(text: string): number | null {
  if (text === 'ignore') return null
  if (text === 'fail') return 0
  const duration = /^wait:(.+)$/.exec(text)?.[1]
  if (duration === undefined) throw new RangeError('expected fail, ignore or wait:<duration> such as wait:5m')
  return parseDuration(duration)
}

function parsePercent(text: string): number {
  const percent = Number(/^(\d{1,3}(?:\.\d{1,4})?)\s*%$/.exec(text)?.[1] ?? Number.NaN)
  if (Number.isNaN(percent) || percent > 100)
    throw new RangeError('expected a share from 0% to 100%, such as 20%')
  return percent
}

function parseHttpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:\/\//.test(text))
    throw new RangeError('expected a URL such as https://example.com/up')
  if (new URL(text).username + new URL(text).password !== '')
    throw new RangeError('URL must not contain credentials')
  return text
}

function parseStatus(text: string): number {
  if (!/^[1-5]\d\d$/.test(text)) throw new RangeError('expected an HTTP status from 100 to 599')
  return Number(text)
}

function parseCount(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new RangeError('expected a whole number')
  return Number(text)
}
