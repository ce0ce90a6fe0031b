import {
  cutoverPrefix,
  drillPrefix,
  gatePrefix,
  pinPrefix,
  restorePrefix,
  thawPrefix,
} from '../../core/backup/bucket-layout.ts'
import { parseDrillRecord } from '../../core/drill/drill-record.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { mapBounded } from '../../core/map-bounded.ts'
import type { Catalogue, DrillProof } from '../../core/retention/catalogue.ts'
import { isInForce, parsePin, renderPinReason } from '../../core/retention/pin.ts'
import { isOfOneObject } from '../backups/read-manifest.ts'
import { PARALLEL_REQUESTS, type RetentionDeps } from './deps.ts'

/** Drill records that are read, the newest: ten years of weekly ones. */
const DRILLS_READ = 500

/** What drills proved, newest first. A damaged record proves nothing, but shows that there are drills. */
export async function readDrills({
  store,
  location,
}: RetentionDeps): Promise<Pick<Catalogue, 'drills' | 'hasDrills'>> {
  const keys = await store.list(drillPrefix(location))
  const newest = keys.slice(-DRILLS_READ).toReversed()
  const read = await mapBounded(newest, PARALLEL_REQUESTS, async key =>
    toProof(() => store.getText(key), key),
  )
  return { drills: read.filter(proof => proof !== undefined), hasDrills: keys.length > 0 }
}

async function toProof(read: () => Promise<string>, key: string): Promise<DrillProof | undefined> {
  try {
    const { drill, backup } = parseDrillRecord(await read(), key)
    return { id: drill.id, at: new Date(drill.startedAt), verdict: drill.verdict, backup }
  } catch (error) {
    if (error instanceof OperatorError && isOfOneObject(error)) return undefined
    throw error
  }
}

/**
 * Backups that a gate, restore, cutover or thaw of the last time names, each with the record that does.
 * Every backup id in the text counts, in any field and also in a damaged record: a safety backup is named as
 * well as what was restored.
 */
export async function readReferences(
  lastMs: number,
  { store, location, now }: RetentionDeps,
): Promise<ReadonlyMap<string, string>> {
  const since = now().getTime() - lastMs
  const prefixes = [
    gatePrefix(location),
    restorePrefix(location),
    cutoverPrefix(location),
    thawPrefix(location),
  ]
  const keys = (await mapBounded(prefixes, prefixes.length, prefix => store.list(prefix))).flat()
  const recent = keys.filter(key => !(instantOf(key) < since))
  const named = await mapBounded(recent, PARALLEL_REQUESTS, async key =>
    [...(await store.getText(key)).matchAll(BACKUP_ID)].map(([id]) => [id, key] as const),
  )
  return new Map(named.flat())
}

const BACKUP_ID = /\d{8}T\d{6}Z-[a-z]+(?:-[a-z]+)*-[0-9a-f]{8}(?![0-9a-f])/g

/** The instant in the name of a record; NaN where there is none, and then it counts as recent. */
function instantOf(key: string): number {
  const [, y, mo, d, h, mi, s] = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z[^/]*$/.exec(key) ?? []
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`)
}

/** Pins of backups that are there. One that cannot be read may hold any backup. */
export async function readPins(
  ids: ReadonlySet<string>,
  { store, location, now }: RetentionDeps,
): Promise<{ readonly pinned: ReadonlyMap<string, string>; readonly unreadable: readonly string[] }> {
  const keys = (await store.list(pinPrefix(location))).filter(key => key.endsWith('.json'))
  const read = await mapBounded(keys, PARALLEL_REQUESTS, async key =>
    toPin(await store.getText(key), key, location.database, store.uri(key)),
  )
  const pins = read.filter(pin => typeof pin !== 'string')
  const held = pins.filter(pin => isInForce(pin, now()) && ids.has(pin.pin.backupId))
  return {
    pinned: new Map(held.map(pin => [pin.pin.backupId, renderPinReason(pin)])),
    unreadable: read.filter(pin => typeof pin === 'string'),
  }
}

function toPin(json: string, key: string, database: string, uri: string) {
  try {
    const pin = parsePin(json, uri)
    const isAtHome = key.endsWith(`/${pin.pin.backupId}.json`) && pin.pin.database === database
    return isAtHome ? pin : `The pin ${uri} is that of ${pin.pin.backupId} of ${pin.pin.database}.`
  } catch (error) {
    if (error instanceof OperatorError) return errorMessage(error)
    throw error
  }
}
