import type { StoreConfig } from '../client.ts'
import type { OpenUpload } from './abort-upload.ts'

/**
 * What is asked of a store. `full`: a checksum over the whole object and conditional writes; `basic`:
 * neither, in parts that are large enough for stores that take 1,000 of them; `auto`: full where the store
 * takes it.
 */
export const COMPATIBILITY = ['auto', 'full', 'basic'] as const
export type Compatibility = (typeof COMPATIBILITY)[number]

/** One object in one store. */
export interface ObjectRequest {
  readonly key: string
  /** Kept as object metadata `backup-id`: tells our object from another after a lost answer. */
  readonly backupId: string
  /** `auto` is STANDARD_IA where the store has it, and STANDARD where not. */
  readonly storageClass: string
  readonly compatibility: Compatibility
  /**
   * Gets the upload while there may be something to clean up, and null afterwards: state for a post phase.
   */
  readonly remember?: (open: OpenUpload | null) => void
}

/** Where a copy goes; its object has the backup id of the first. */
interface CopyRequest extends Omit<ObjectRequest, 'backupId'> {
  readonly config: StoreConfig
}

export interface UploadRequest extends ObjectRequest {
  /** The size of the database, which decides the size of the parts. */
  readonly databaseBytes: number
  /** Only a part of the database is dumped: then its size is no reason to refuse. */
  readonly isPartial?: boolean
  /** The same bytes in other stores. Each may keep the step waiting for so long, all its waits together. */
  readonly copies?: { readonly stores: readonly CopyRequest[]; readonly timeoutMs: number }
}
