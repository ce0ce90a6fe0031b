import { parseDatabaseName } from '../core/backup/bucket-layout.ts'
import type { Connection } from '../core/pg/connection.ts'
import { parseNamePattern, parseSchemaPattern } from '../core/pg/name-pattern.ts'
import { type Inputs, type Read, Refused } from '../runner/inputs.ts'

/** The logical name: as given, or the database's own where that can be part of a key. */
export function readDatabaseName(inputs: Inputs, connection: Read<Connection>, name: string): Read<string> {
  const given = inputs.parseOptional(name, parseDatabaseName)
  if (given !== undefined) return given
  if (connection instanceof Refused) return connection
  return inputs.attempt(name, () => parseDatabaseName(connection.database), connection.database)
}

/** pg_dump patterns, one per line, all checked. */
export function readPatterns(inputs: Inputs, name: string): Read<readonly string[]> {
  return inputs.parseLines(name, pattern => {
    if (name === 'schemas') parseSchemaPattern(pattern)
    else parseNamePattern(pattern)
    return pattern
  })
}

/** PostgreSQL counts them in 32 bits. */
const LONGEST_TIMEOUT_MS = 24 * 86_400_000

/** pg_dump takes 0 for no limit at all, and less than a second leaves a busy table no chance. */
export function readLockTimeoutMs(inputs: Inputs, name: string): Read<number> {
  const timeoutMs = inputs.durationMs(name)
  if (timeoutMs instanceof Refused) return timeoutMs
  if (timeoutMs < 1000) return inputs.problem(name, 'must be at least 1s')
  if (timeoutMs > LONGEST_TIMEOUT_MS) return inputs.problem(name, 'must be at most 24d')
  return timeoutMs
}

/** A storage class as S3 spells them, or `auto`. Throws a RangeError. */
export function parseStorageClass(text: string): string {
  if (text !== 'auto' && !/^[A-Z][A-Z0-9_]{1,40}$/.test(text))
    throw new RangeError('expected auto, or a storage class such as STANDARD or STANDARD_IA')
  return text
}
