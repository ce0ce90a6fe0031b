import { type Destination, parseDestination } from '../../core/backup/bucket-layout.ts'
import { type DumpOptions, parseCompression } from '../../core/backup/dump-options.ts'
import { ARCHIVE_FORMATS, FINGERPRINT_LEVELS, type FingerprintLevel } from '../../core/backup/manifest.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { readConnection } from '../../runner/connection-input.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs, Read } from '../../runner/inputs.ts'
import type { Copies } from '../../steps/dump/request.ts'
import type { StoreConfig } from '../../storage/client.ts'
import { COMPATIBILITY, type Compatibility } from '../../storage/multipart/upload-request.ts'
import { readCopies } from '../../wiring/copy-inputs.ts'
import {
  parseStorageClass,
  readDatabaseName,
  readLockTimeoutMs,
  readPatterns,
} from '../../wiring/dump-inputs.ts'
import { readStoreConfig } from '../../wiring/store-inputs.ts'
import { readWritableStore } from '../../wiring/write-inputs.ts'

/** The kinds that a caller may ask for; `partial` follows from what is left out. */
const KINDS = ['daily', 'manual', 'pre-migration'] as const

export interface DumpInputs {
  readonly connection: Connection
  readonly database: string
  readonly destination: Destination
  readonly store: StoreConfig
  readonly compatibility: Compatibility
  readonly copies: Copies
  readonly kind: (typeof KINDS)[number]
  readonly options: DumpOptions
  readonly fingerprint: FingerprintLevel
  readonly storageClass: string
  readonly timeoutMs: number
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readDumpInputs(inputs: Inputs, environment: Environment): DumpInputs {
  const connection = readConnection(inputs, environment, 'database-url')
  const destination = inputs.parse('destination', parseDestination)
  const store = readWritableStore(inputs, readStoreConfig(inputs, environment, destination))
  return inputs.finish({
    connection,
    database: readDatabaseName(inputs, connection, 'database'),
    destination,
    store,
    compatibility: inputs.oneOf('s3-compatibility', COMPATIBILITY),
    copies: readCopies(inputs, environment, { location: destination, store }),
    kind: inputs.oneOf('kind', KINDS),
    options: readOptions(inputs),
    fingerprint: inputs.oneOf('fingerprint', FINGERPRINT_LEVELS),
    storageClass: inputs.parse('storage-class', parseStorageClass),
    timeoutMs: inputs.durationMs('timeout'),
  })
}

function readOptions(inputs: Inputs): Read<DumpOptions> {
  const options = {
    format: inputs.oneOf('format', ARCHIVE_FORMATS),
    compression: inputs.parse('compression', parseCompression),
    tables: readPatterns(inputs, 'tables'),
    excludeTables: readPatterns(inputs, 'exclude-tables'),
    schemas: readPatterns(inputs, 'schemas'),
    lockTimeoutMs: readLockTimeoutMs(inputs, 'lock-timeout'),
  }
  // Also where a pattern is wrong.
  if (inputs.lines('tables').length > 0 && inputs.lines('schemas').length > 0)
    inputs.problem(
      'schemas',
      'cannot be combined with tables: pg_dump would ignore it. Write schema.* into tables instead',
    )
  return inputs.combine(options, read => read)
}
