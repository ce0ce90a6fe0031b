import { compactInstant, parseBackupId } from '../../core/backup/backup-id.ts'
import {
  drillPrefix,
  gatePrefix,
  type Location,
  manifestPrefix,
  retiredPrefix,
} from '../../core/backup/bucket-layout.ts'
import { parseManifest } from '../../core/backup/manifest.ts'
import { parseDrillRecord } from '../../core/drill/drill-record.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { parseGateRecord } from '../../core/gate/gate-record.ts'
import type { Decoder } from '../../core/json/decode.ts'
import type { Log } from '../../core/log.ts'
import { parseTombstone } from '../../core/retention/tombstone.ts'
import { isComparable, type PastBackup, pastBackup } from '../../core/summary/backup-trend.ts'
import { type PastDrill, pastDrill } from '../../core/summary/drill-trend.ts'
import { type PastGate, pastGate } from '../../core/summary/gate-trend.ts'
import { parseHead } from '../../core/summary/record-head.ts'
import { TREND_LENGTH } from '../../core/summary/trend.ts'
import { MIB } from '../../core/text/bytes.ts'
import type { Store } from '../../storage/store.ts'

/** How long a run may wait for records that only add to what is known. */
const PATIENCE_MS = 10_000
/** A record without a head is read whole where it is no longer. */
const LONGEST_WITHOUT_HEAD = MIB

/** Records below a prefix under names that sort by time. */
interface RecordSeries<T> {
  readonly prefix: string
  readonly parse: (json: string, name: string) => T
  /** Decodes the head in the metadata; without it every record is read whole. */
  readonly head?: Decoder<T>
  /** Whether the record of that key is worth reading. */
  readonly isWanted?: (key: string) => boolean
  /** Earlier ones are not wanted, and not looked for; to the second. */
  readonly since?: Date | undefined
  /** What stays of deleted ones, under the same names. */
  readonly retired?: Pick<RecordSeries<T>, 'prefix' | 'parse'>
}

/**
 * The last backups that can be compared with one that is partial or not, also those that retention deleted.
 * `signal` gives up without a line in the log.
 */
export function readPastBackups(
  isPartial: boolean,
  location: Location,
  store: Store,
  signal: AbortSignal,
): Promise<readonly PastBackup[] | undefined> {
  const series: RecordSeries<PastBackup> = {
    prefix: manifestPrefix(location),
    parse: parseManifest,
    head: pastBackup,
    isWanted: key => isComparableKey(isPartial, key),
    retired: { prefix: retiredPrefix(location), parse: parseRetiredBackup },
  }
  return readForTrend(store, series, signal)
}

function parseRetiredBackup(json: string, name: string): PastBackup {
  const { backup, object, durations, server } = parseTombstone(json, name)
  const { database, systemIdentifier } = server
  if (database === null) throw new RangeError('an older version wrote it')
  return { backup, object, durations, server: { database, systemIdentifier } }
}

export function readPastDrills(location: Location, store: Store): Promise<readonly PastDrill[] | undefined> {
  return readForTrend<PastDrill>(store, {
    prefix: drillPrefix(location),
    parse: parseDrillRecord,
    head: pastDrill,
  })
}

export function readPastGates(location: Location, store: Store): Promise<readonly PastGate[] | undefined> {
  return readForTrend<PastGate>(store, {
    prefix: gatePrefix(location),
    parse: parseGateRecord,
    head: pastGate,
  })
}

/** As many as a trend is long. A role that may only write is no mistake, and not worth a line. */
function readForTrend<T>(
  store: Store,
  series: RecordSeries<T>,
  signal = store.signal,
): Promise<readonly T[] | undefined> {
  const onLeftOut = (uri: string, error: unknown) => {
    if (signal === store.signal || !signal.aborted) leaveOut(store.log, uri, error)
  }
  return readNewest(store, series, TREND_LENGTH, onLeftOut, signal)
}

/**
 * The newest records of a series, the oldest of them first. They only add to what is known, so this never
 * throws and never takes long: what cannot be read is left out, and undefined means that nothing could be
 * listed.
 */
export async function readNewest<T>(
  store: Store,
  { prefix, parse, head, isWanted = () => true, since, retired }: RecordSeries<T>,
  most: number,
  onLeftOut: (uri: string, error: unknown) => void,
  giveUp = store.signal,
): Promise<readonly T[] | undefined> {
  const signal = AbortSignal.any([store.signal, giveUp, AbortSignal.timeout(PATIENCE_MS)])
  const readOne = async (key: string): Promise<readonly T[]> => {
    try {
      const isRetired = retired !== undefined && key.startsWith(retired.prefix)
      const found = isRetired ? undefined : head && (await readHead(store, key, head, signal))
      const parser = isRetired ? retired.parse : parse
      return [found ?? parser(await store.getText(key, { signal }), store.uri(key))]
    } catch (error) {
      onLeftOut(store.uri(key), error)
      return []
    }
  }
  const list = async (below: string): Promise<readonly string[]> => {
    const keys: string[] = []
    for await (const batch of store.newest(below, { signal })) {
      const recent = batch.filter(key => since === undefined || key >= `${below}${compactInstant(since)}`)
      keys.push(...recent.filter(isWanted))
      if (keys.length >= most || recent.length < batch.length) break
    }
    return keys
  }
  const listRetired = async (below: string) => {
    return await list(below).catch((error: unknown) => {
      onLeftOut(store.uri(below), error)
      return []
    })
  }
  try {
    const [keys, gone] = await Promise.all([list(prefix), retired ? listRetired(retired.prefix) : []])
    return (await Promise.all(mergeByName(gone, keys).slice(-most).map(readOne))).flat()
  } catch (error) {
    onLeftOut(store.uri(prefix), error)
    return undefined
  }
}

/** In the order of their names; of two with one name the later list has it. */
function mergeByName(...lists: ReadonlyArray<readonly string[]>): readonly string[] {
  const nameOf = (key: string) => key.replace(/^.*\//, '')
  const byName = new Map(lists.flat().map(key => [nameOf(key), key]))
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key)
}

/** Undefined where there is no head and the record is short enough to be read. */
async function readHead<T>(
  store: Store,
  key: string,
  head: Decoder<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const facts = await store.head(key, { signal })
  const found = facts && parseHead(facts.metadata, head)
  if (found === undefined && facts !== undefined && facts.bytes > LONGEST_WITHOUT_HEAD)
    throw new Error('it has no head in its metadata and is too long to be read for a trend')
  return found
}

function leaveOut(log: Log, uri: string, error: unknown): void {
  const text = `${uri} is not in the trend: ${errorMessage(error)}`
  if (error instanceof OperatorError && error.code === 'STORE_DENIED') log.debug(text)
  else log.info(text)
}

function isComparableKey(isPartial: boolean, key: string): boolean {
  try {
    return isComparable(isPartial, parseBackupId(key.replace(/^.*\/|\.json$/g, '')))
  } catch {
    // Another object, which is no manifest.
    return false
  }
}
