import { OperatorError } from '../../core/errors.ts'
import { GIB, MIB, renderBytes, TIB } from '../../core/text/bytes.ts'

/** Parts sent side by side: what it takes to fill a line whose far end answers after a tenth of a second. */
const IN_FLIGHT = 4
const SMALLEST_PART_BYTES = 16 * MIB
/** As long as the archive fits into so many parts of that size. */
const USUAL_LARGEST_PART_BYTES = 128 * MIB
/** Of all buffers together, where parts have to be larger. */
const MEMORY_BYTES = 1.25 * GIB

/** By how much the copies of an upload may be behind it, beside the parts in flight; a part at least. */
const LAG_BYTES = 256 * MIB

/** S3 allows no more parts (AWS, "Multipart upload limits"). */
const MAX_PARTS = 10_000
/** Some stores stop here (Swift, Scaleway), and none of them says so before. */
export const FEWEST_PARTS = 1000
/** The most that the stores in docs/stores.md agree on. AWS takes more by now. */
const LARGEST_OBJECT_BYTES = 5 * TIB

/** Of the parts, a tenth is kept for a wrong estimate. */
const SAFETY = 0.9

export interface PartPlan {
  /** Every part but the last has this size: R2 and B2 demand it, and ranges become arithmetic. */
  readonly partBytes: number
  /** Parts sent at the same time. One more buffer is being filled. */
  readonly inFlight: number
  /** Further buffers, for all copies together, that let them be slower than the first for a moment. */
  readonly lag: number
  /** The part number after which the upload fails, plainly, instead of at the store. */
  readonly maxParts: number
}

/**
 * Chooses the part size from the size of the database: an archive rarely outgrows one and a half times
 * pg_database_size, even where nothing compresses (bytea is dumped in hex and compresses back).
 *
 * A store of which nothing is known may stop at 1,000 parts: for it the parts are ten times as large, up to
 * 128 MiB, and what does not fit into 1,000 of those is tried all the same.
 *
 * Memory is (inFlight + 1) × partBytes: 80 MiB up to 94 GiB of database (9 GiB), 640 MiB from 750 GiB (75
 * GiB) on, and up to 1.25 GiB beyond, with fewer parts in flight. With copies, however many, it is a lag
 * more: 64 MiB up to 94 GiB of database, 256 MiB at most up to 1.5 TiB, and one part beyond.
 */
export function planParts(
  databaseBytes: number,
  store: 'known' | 'unknown',
  { hasCopies = false } = {},
): PartPlan {
  const aimed = store === 'known' ? MAX_PARTS : FEWEST_PARTS
  const archiveBytes = Math.min(databaseBytes * 1.5, LARGEST_OBJECT_BYTES)
  const usual = Math.min(sizeFor(archiveBytes, aimed), USUAL_LARGEST_PART_BYTES)
  const partBytes = Math.max(usual, sizeFor(archiveBytes, MAX_PARTS), SMALLEST_PART_BYTES)
  const inFlight = Math.max(1, Math.min(IN_FLIGHT, Math.floor(MEMORY_BYTES / partBytes) - 1))
  const lag = hasCopies ? Math.max(1, Math.min(inFlight, Math.floor(LAG_BYTES / partBytes))) : 0
  return { partBytes, inFlight, lag, maxParts: MAX_PARTS }
}

function sizeFor(archiveBytes: number, parts: number): number {
  return Math.ceil(archiveBytes / (parts * SAFETY) / MIB) * MIB
}

/**
 * Refuses a database that is larger than any object may be, before anything is read. Throws UPLOAD_TOO_LARGE.
 */
export function refuseTooLarge(database: {
  readonly databaseBytes: number
  readonly isPartial?: boolean
}): void {
  const { databaseBytes, isPartial = false } = database
  if (isPartial || databaseBytes <= LARGEST_OBJECT_BYTES) return
  throw new OperatorError(
    'UPLOAD_TOO_LARGE',
    `The database has ${renderBytes(databaseBytes)}. Expected at most ${renderBytes(LARGEST_OBJECT_BYTES)}, the largest object that stores take.`,
    { hint: 'Dump it in portions with tables, exclude-tables or schemas; nothing was read.' },
  )
}
