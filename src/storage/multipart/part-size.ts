import { MIB } from '../../core/text/bytes.ts'

/** Parts sent side by side: what it takes to fill a line whose far end answers after a tenth of a second. */
const IN_FLIGHT = 4
const SMALLEST_PART_BYTES = 16 * MIB
const LARGEST_PART_BYTES = 128 * MIB

/** S3 allows no more parts (AWS, "Multipart upload limits"). */
const MAX_PARTS = 10_000
/** Some stores stop here (Swift, Scaleway), and none of them says so before. */
export const FEWEST_PARTS = 1000

/** Of the parts, a tenth is kept for a wrong estimate. */
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
 *
 * A store of which nothing is known may stop at 1,000 parts: for it the parts are ten times as large, as far as that goes, and what
 * does not fit into 1,000 of the largest is tried all the same.
 * Memory is (inFlight + 1) × partBytes: 80 MiB up to 94 GiB of database (9 GiB), 640 MiB from 750 GiB (75 GiB) on.
 */
export function planParts(databaseBytes: number, store: 'known' | 'unknown'): PartPlan {
  const aimed = store === 'known' ? MAX_PARTS : FEWEST_PARTS
  const needed = Math.ceil((databaseBytes * 1.5) / (aimed * SAFETY) / MIB) * MIB
  const partBytes = Math.min(Math.max(needed, SMALLEST_PART_BYTES), LARGEST_PART_BYTES)
  return { partBytes, inFlight: IN_FLIGHT, maxParts: MAX_PARTS }
}
