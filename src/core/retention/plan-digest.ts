import { createHash } from 'node:crypto'
import { canonicalJson } from '../json/canonical.ts'

/** One object of the store, exactly: the bytes that a deletion removes. */
export interface DoomedObject {
  readonly key: string
  /** Every version, newest first; null in a store without versions. */
  readonly versionIds: readonly (string | null)[]
  readonly etag: string
  readonly bytes: number
}

/** What a deletion removes of one backup. */
export interface Doomed {
  readonly id: string
  /** Null where an interrupted run deleted it already. */
  readonly manifest: DoomedObject | null
  readonly archive: DoomedObject
}

/** 16 hex digits over what would be deleted: what was approved is what is deleted. */
export function planDigest(bucket: string, doomed: readonly Doomed[]): string {
  return createHash('sha256').update(canonicalJson({ bucket, doomed })).digest('hex').slice(0, 16)
}
