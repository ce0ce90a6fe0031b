import { parseBackupId } from '../../core/backup/backup-id.ts'
import { drillPrefix, gatePrefix, type Location, manifestPrefix } from '../../core/backup/bucket-layout.ts'
import { parseManifest } from '../../core/backup/manifest.ts'
import { type DrillRecord, parseDrillRecord } from '../../core/drill/drill-record.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { type GateRecord, parseGateRecord } from '../../core/gate/gate-record.ts'
import type { Log } from '../../core/log.ts'
import { isComparable, type PastBackup } from '../../core/summary/backup-trend.ts'
import { TREND_LENGTH } from '../../core/summary/trend.ts'
import type { Store } from '../../storage/store.ts'

/** How long what only adds to what is known may keep a run waiting. */
const PATIENCE_MS = 10_000

/** What is kept below a prefix under names that sort by time. */
interface RecordKind<T> {
  readonly prefix: string
  readonly parse: (json: string, name: string) => T
  /** Whether the record of that key is worth reading. */
  readonly isWanted?: (key: string) => boolean
}

/** The last backups that can be compared with this one. */
export function readPastBackups(current: PastBackup, location: Location, store: Store) {
  return readPastRecords(store, {
    prefix: manifestPrefix(location),
    parse: parseManifest,
    isWanted: key => isComparableKey(current, key),
  })
}

export function readPastDrills(
  location: Location,
  store: Store,
): Promise<readonly DrillRecord[] | undefined> {
  return readPastRecords(store, { prefix: drillPrefix(location), parse: parseDrillRecord })
}

export function readPastGates(location: Location, store: Store): Promise<readonly GateRecord[] | undefined> {
  return readPastRecords(store, { prefix: gatePrefix(location), parse: parseGateRecord })
}

/** For a trend, as many as it is long. A role that may only write is no mistake, and not worth a line. */
function readPastRecords<T>(store: Store, kind: RecordKind<T>): Promise<readonly T[] | undefined> {
  return readNewest(store, kind, TREND_LENGTH, (uri, error) => leaveOut(store.log, uri, error))
}

/**
 * The newest records of a kind, the oldest of them first: one listing, and all reads at once. They only ever add to what is known, so that it
 * never throws and never takes long: what cannot be read is left out, and undefined is that nothing could be listed.
 */
export async function readNewest<T>(
  store: Store,
  { prefix, parse, isWanted = () => true }: RecordKind<T>,
  most: number,
  onLeftOut: (uri: string, error: unknown) => void,
): Promise<readonly T[] | undefined> {
  const signal = AbortSignal.any([store.signal, AbortSignal.timeout(PATIENCE_MS)])
  const readOne = async (key: string): Promise<readonly T[]> => {
    try {
      return [parse(await store.getText(key, { signal }), store.uri(key))]
    } catch (error) {
      onLeftOut(store.uri(key), error)
      return []
    }
  }
  try {
    const keys = (await store.list(prefix, { signal })).filter(isWanted).slice(-most)
    return (await Promise.all(keys.map(readOne))).flat()
  } catch (error) {
    onLeftOut(store.uri(prefix), error)
    return undefined
  }
}

function leaveOut(log: Log, uri: string, error: unknown): void {
  const text = `${uri} is not in the trend: ${errorMessage(error)}`
  if (error instanceof OperatorError && error.code === 'STORE_DENIED') log.debug(text)
  else log.info(text)
}

function isComparableKey(current: PastBackup, key: string): boolean {
  try {
    return isComparable(current, parseBackupId(key.replace(/^.*\/|\.json$/g, '')))
  } catch {
    // Something else lies there, which is no manifest.
    return false
  }
}
