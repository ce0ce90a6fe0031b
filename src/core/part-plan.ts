import { MIB } from './bytes.ts'

/** Memory for part buffers, whatever the size of the database. */
const BUFFER_BUDGET_BYTES = 96 * MIB
const SMALLEST_PART_BYTES = 16 * MIB
const LARGEST_PART_BYTES = 128 * MIB

/** Of the 10,000 parts that S3 allows (1,000 in some older stores), a tenth is kept for a wrong estimate. */
const SAFETY = 0.9

export interface PartPlan {
  /** Every part but the last has this size: R2 and B2 demand it, and ranges become arithmetic. */
  readonly partBytes: number
  /** Parts sent at the same time. One more buffer is being filled. */
  readonly inFlight: number
  /** The part number after which the upload fails, plainly, instead of at the store. */
  readonly maxParts: number
}

/**
 * Chooses the part size from the size of the database: an archive rarely outgrows one and a half times
 * pg_database_size, even where nothing compresses (bytea is dumped in hex and compresses back).
 * Memory is (inFlight + 1) × partBytes: 96 MiB up to 96 GB of database, 256 MiB at the very most.
 */
export function planParts(databaseBytes: number, maxParts: number): PartPlan {
  const needed = Math.ceil((databaseBytes * 1.5) / (maxParts * SAFETY) / MIB) * MIB
  const partBytes = Math.min(Math.max(needed, SMALLEST_PART_BYTES), LARGEST_PART_BYTES)
  const inFlight = Math.max(1, Math.floor(BUFFER_BUDGET_BYTES / partBytes) - 1)
  return { partBytes, inFlight: Math.min(inFlight, 4), maxParts }
}
