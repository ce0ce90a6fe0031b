import { canonicalJson } from '../json/canonical.ts'
import * as d from '../json/decode.ts'
import { parseRecord, recordedBackup, recordedRun } from '../json/versioned-record.ts'
import { THAW_TIERS } from './thaw.ts'

export const THAW_VERSION = 1

export const thawRecord = d.object({
  version: d.nonNegativeInt,
  thaw: d.object({
    /** The name of the record in the bucket, without `.json`: `20261201T040000Z-1a2b3c4d`. */
    id: d.string,
    /** The logical name, as in keys. */
    database: d.string,
    askedAt: d.timestamp,
    tier: d.oneOf(THAW_TIERS),
    storageClass: d.string,
    /** When the archive is there at the latest; null where the store does not say how long it takes. */
    readyBy: d.nullable(d.timestamp),
  }),
  backup: recordedBackup,
  run: recordedRun,
})

/** Who asked for an archive in cold storage, how fast, and until when it comes. */
export type ThawRecord = d.Decoded<typeof thawRecord>

/** The bytes of a record: canonical JSON. */
export function renderThawRecord(value: ThawRecord): string {
  return canonicalJson(value)
}

/**
 * Reads a record; throws RESTORE_RECORD_INVALID when it is damaged or of a newer version. `name` is for the
 * error.
 */
export function parseThawRecord(json: string, name: string): ThawRecord {
  return parseRecord(
    { version: THAW_VERSION, decoder: thawRecord, code: 'RESTORE_RECORD_INVALID', what: 'record of a thaw' },
    json,
    name,
  )
}
