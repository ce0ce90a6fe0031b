import { type ErrorCode, errorMessage, OperatorError } from '../errors.ts'
import { instant, nullable, object, type Shape, sha256, text, whole } from './decode.ts'

/** Which object a record is about, exactly. */
export const RECORDED_BACKUP = {
  id: text,
  bucket: text,
  key: text,
  versionId: nullable(text),
  sha256,
  bytes: whole,
  snapshotAt: instant,
} as const

export const recordedBackup = object(RECORDED_BACKUP)

/** Who made a record. */
export const recordedRun = object({
  repository: text,
  workflow: text,
  runId: text,
  runAttempt: text,
  commit: text,
})

/** A kind of record in the bucket: JSON with its version beside it. */
export interface RecordKind<T> {
  /** The newest version that this code reads. */
  readonly version: number
  readonly shape: Shape<T>
  readonly code: ErrorCode
  /** For the error: `drill record`. */
  readonly what: string
}

/** Reads a record; throws its code when it is damaged or of a newer major version. `name` is for the error. */
export function parseRecord<T>(kind: RecordKind<T>, json: string, name: string): T {
  try {
    const value: unknown = JSON.parse(json)
    const { version } = object({ version: whole })(value, '')
    if (version > kind.version)
      throw new RangeError(`it has version ${version}; this pg-runbook reads up to ${kind.version}`)
    return kind.shape(value, '')
  } catch (error) {
    throw new OperatorError(kind.code, `The ${kind.what} ${name} cannot be read: ${errorMessage(error)}.`, {
      hint: 'Use a newer pg-runbook, or look at the object in the bucket.',
      cause: error,
    })
  }
}
