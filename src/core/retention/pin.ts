import { canonicalJson } from '../json/canonical.ts'
import * as d from '../json/decode.ts'
import { parseRecord, recordedRun } from '../json/versioned-record.ts'

export const PIN_VERSION = 1

export const pin = d.object({
  version: d.nonNegativeInt,
  pin: d.object({
    backupId: d.string,
    database: d.string,
    /** In the words of the one who pinned it. */
    reason: d.string,
    /** Login of the one who pinned it. */
    by: d.string,
    at: d.timestamp,
    /** Null: until it is removed. */
    until: d.nullable(d.timestamp),
  }),
  run: recordedRun,
})

/** Keeps one backup from retention: who, why, until when. */
export type Pin = d.Decoded<typeof pin>

/** The bytes of a pin: canonical JSON. */
export function renderPin(value: Pin): string {
  return canonicalJson(value)
}

/**
 * Reads a pin; throws RETENTION_RECORD_INVALID when it is damaged or of a newer version. `name` is for the
 * error.
 */
export function parsePin(json: string, name: string): Pin {
  return parseRecord(
    { version: PIN_VERSION, decoder: pin, code: 'RETENTION_RECORD_INVALID', what: 'pin' },
    json,
    name,
  )
}

export function isInForce({ pin: { until } }: Pin, now: Date): boolean {
  return until === null || new Date(until) > now
}

/** `pinned by octocat until 2027-01-01: audit of 2026`. */
export function renderPinReason({ pin: { by, until, reason } }: Pin): string {
  return `pinned by ${by}${until === null ? '' : ` until ${until.slice(0, 10)}`}: ${reason}`
}
