import { gatePrefix, type Location } from '../core/backup-key.ts'
import { errorMessage } from '../core/errors.ts'
import { type GateRecord, parseGateRecord } from '../core/gate-record.ts'
import type { Log } from '../core/log.ts'
import type { Store } from '../storage/store.ts'

const RECORD = /\/\d{8}T\d{6}Z-[0-9a-f]{8}\.json$/
/** Records that are asked about earlier gates. */
const RECORDS_ASKED = 20
/** What they tell is worth no longer wait. */
const PATIENCE_MS = 10_000

/**
 * The last gates of a database, newest first. They only ever add to what is known, so that nothing here throws: a record that
 * cannot be read is passed over with a warning, and a store that does not answer has none.
 */
export async function readLastGates(
  location: Location,
  { store, log }: { readonly store: Store; readonly log: Log },
): Promise<readonly GateRecord[]> {
  const signal = AbortSignal.any([store.signal, AbortSignal.timeout(PATIENCE_MS)])
  const passOver = (uri: string) => (error: unknown) => {
    log.warning(`${uri} is passed over: ${errorMessage(error)}`)
    return []
  }
  const prefix = gatePrefix(location)
  const keys = await store.list(prefix, { signal }).catch(passOver(store.uri(prefix)))
  const newest = keys.filter(key => RECORD.test(key)).slice(-RECORDS_ASKED)
  const records = newest.toReversed().map(async key => {
    const read = async () => [parseGateRecord(await store.getText(key, { signal }), store.uri(key))]
    return await read().catch(passOver(store.uri(key)))
  })
  return (await Promise.all(records)).flat()
}
