import { type ErrorCode, errorMessage, OperatorError } from '../errors.ts'
import * as d from './decode.ts'

/** Which object a record is about, exactly. */
export const RECORDED_BACKUP = {
  id: d.string,
  bucket: d.string,
  key: d.string,
  versionId: d.nullable(d.string),
  sha256: d.sha256,
  bytes: d.nonNegativeInt,
  snapshotAt: d.timestamp,
} as const

export const recordedBackup = d.object(RECORDED_BACKUP)

/** Who made a record. */
export const recordedRun = d.object({
  repository: d.string,
  workflow: d.string,
  runId: d.string,
  runAttempt: d.string,
  commit: d.string,
})

/** A kind of record in the bucket: JSON with its version. */
interface RecordKind<T> {
  /** The newest version that this code reads. */
  readonly version: number
  readonly decoder: d.Decoder<T>
  readonly code: ErrorCode
  /** For the error: `drill record`. */
  readonly what: string
}

/**
 * Reads a record; throws its code when it is damaged or of a newer major version. `name` is for the error.
 */
export function parseRecord<T>(kind: RecordKind<T>, json: string, name: string): T {
  try {
    const value: unknown = JSON.parse(json)
    const { version } = d.object({ version: d.nonNegativeInt })(value, '')
    if (version > kind.version)
      throw new RangeError(`it has version ${version}; this pg-runbook reads up to ${kind.version}`)
    return kind.decoder(value, '')
  } catch (error) {
    throw new OperatorError(kind.code, `The ${kind.what} ${name} cannot be read: ${errorMessage(error)}.`, {
      hint: 'Use a newer pg-runbook, or look at the object in the bucket.',
      cause: error,
    })
  }
}
