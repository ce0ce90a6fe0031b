import { gatePrefix, type Location } from '../../core/backup/bucket-layout.ts'
import { errorMessage } from '../../core/errors.ts'
import { type GateRecord, parseGateRecord } from '../../core/gate/gate-record.ts'
import type { Log } from '../../core/log.ts'
import type { Store } from '../../storage/store.ts'
import { readNewest } from '../backups/past-records.ts'

const RECORD = /\/\d{8}T\d{6}Z-[0-9a-f]{8}\.json$/
/** Records that are read of earlier gates. */
const RECORDS_ASKED = 20

/**
 * The last gates of a database, newest first; with `since`, to the second, only those from then on. They only
 * add information, so nothing here throws: an unreadable record is skipped with a warning, and a store that
 * does not answer has none.
 */
export async function readLastGates(
  location: Location,
  { store, log }: { readonly store: Store; readonly log: Log },
  since?: Date,
): Promise<readonly GateRecord[]> {
  const kind = {
    prefix: gatePrefix(location),
    parse: parseGateRecord,
    isWanted: (key: string) => RECORD.test(key),
    since,
  }
  const gates = await readNewest(store, kind, RECORDS_ASKED, (uri, error) =>
    log.warning(`${uri} is skipped: ${errorMessage(error)}`),
  )
  return gates?.toReversed() ?? []
}
