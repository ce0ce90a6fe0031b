import type { Manifest } from '../backup/manifest.ts'
import { rowsNotCompared } from '../checks/archive-rows.ts'
import type { Check } from '../checks/check.ts'
import { scratchNeeds } from '../drill/scratch-needs.ts'
import { GIB, renderBytes } from '../text/bytes.ts'
import { neededBytes, type RestoreScope } from './restore-scope.ts'

/**
 * The largest database whose contents a restore compares, indexes included: 6 s more at this size, on two
 * cores (`npm run bench -- --against <checkout> --size 1GiB`). An outage lasts until a restore ends, so what
 * is larger is left to drills.
 */
const LIMIT_BYTES = GIB

/** Why the contents of a restored database are not compared; undefined where they are. */
export function tooLargeToCompare(manifest: Manifest, scope: RestoreScope): Check | undefined {
  const bytes = Math.min(neededBytes(manifest, scope), scratchNeeds(manifest).databaseBytes)
  if (bytes <= LIMIT_BYTES) return undefined
  return rowsNotCompared(
    `The database takes up to ${renderBytes(bytes)}, and a restore compares up to ${renderBytes(LIMIT_BYTES)}.`,
    'The number of rows of each table is compared. A drill of this backup compares every row, at any size.',
  )
}
