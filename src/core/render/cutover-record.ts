import { compactInstant } from '../backup/backup-id.ts'
import type { Location } from '../backup/bucket-layout.ts'
import { canonicalJson } from '../json/canonical.ts'
import * as d from '../json/decode.ts'
import { parseRecord, recordedRun } from '../json/versioned-record.ts'

export const CUTOVER_VERSION = 1

const database = d.object({ id: d.string, name: d.string })

export const cutoverRecord = d.object({
  version: d.nonNegativeInt,
  cutover: d.object({
    /** The name of the record in the bucket, without `.json`: `20261201T040000Z-1a2b3c4d`. */
    id: d.string,
    /** The logical name, as in keys. */
    database: d.string,
    plannedAt: d.timestamp,
    /** The instant that the new database shows; null where it was not given. */
    recoveredTo: d.nullable(d.timestamp),
    /** The drill that the new database passed; null where it was skipped. */
    drillUri: d.nullable(d.string),
    /** Why it was not verified, in the operator's words. */
    verificationSkipped: d.nullable(d.string),
  }),
  old: database,
  fresh: database,
  services: d.array(
    d.object({
      id: d.string,
      name: d.string,
      type: d.string,
      freeze: d.oneOf(['maintenance', 'suspend']),
      /** It was frozen before the cutover, and stays so. */
      wasFrozen: d.boolean,
    }),
  ),
  /** Never their values: those hold passwords. */
  variables: d.array(
    d.object({
      ownerId: d.string,
      ownerName: d.string,
      key: d.string,
      door: d.oneOf(['internal', 'external']),
    }),
  ),
  run: recordedRun,
})

/** The plan of one cutover, written before its first step. */
export type CutoverRecord = d.Decoded<typeof cutoverRecord>

export const cutoverEvent = d.object({
  version: d.nonNegativeInt,
  at: d.timestamp,
  direction: d.oneOf(['forward', 'undo']),
  /** The step that begins now, from 0; the number of steps where all are done. */
  step: d.nonNegativeInt,
  /** For people. */
  what: d.string,
  /** Tells two runs apart that write the same. */
  nonce: d.string,
  run: recordedRun,
})

/** One line of the journal of a cutover: the step that begins. */
export type CutoverEvent = d.Decoded<typeof cutoverEvent>

export function renderCutoverJson(value: CutoverRecord | CutoverEvent): string {
  return canonicalJson(value)
}

const KIND = { version: CUTOVER_VERSION, code: 'CUTOVER_RECORD_INVALID' } as const

/** Throws CUTOVER_RECORD_INVALID when it is damaged or of a newer major version. `name` is for the error. */
export function parseCutoverRecord(json: string, name: string): CutoverRecord {
  return parseRecord({ ...KIND, decoder: cutoverRecord, what: 'record of a cutover' }, json, name)
}

export function parseCutoverEvent(json: string, name: string): CutoverEvent {
  return parseRecord({ ...KIND, decoder: cutoverEvent, what: 'journal of a cutover' }, json, name)
}

/** `cutovers/<database>/` */
export function cutoverPrefix({ prefix, database }: Location): string {
  return `${prefix === '' ? '' : `${prefix}/`}cutovers/${database}/`
}

/** `cutovers/<database>/20261201T040000Z-1a2b3c4d.json` */
export function cutoverKey(location: Location, id: string): string {
  return `${cutoverPrefix(location)}${id}.json`
}

/** `cutovers/<database>/<id>/0007.json`: the number is claimed by the one run that writes it first. */
export function cutoverEventKey(location: Location, id: string, number: number): string {
  return `${cutoverPrefix(location)}${id}/${String(number).padStart(4, '0')}.json`
}

export function renderCutoverId(plannedAt: Date, nonce: string): string {
  return `${compactInstant(plannedAt)}-${nonce}`
}

/** The id in the input undo. Throws a RangeError. */
export function parseCutoverId(text: string): string {
  const id = text.replace(/^.*\//, '').replace(/\.json$/, '')
  if (!/^\d{8}T\d{6}Z-[0-9a-f]{8}$/.test(id))
    throw new RangeError('expected the id of a cutover such as 20261201T040000Z-1a2b3c4d')
  return id
}

export type CutoverState = 'planned' | 'under way' | 'done' | 'being undone' | 'undone'

/**
 * Where a cutover stands, by its last event; `steps` is the number of steps of the direction of that event.
 */
export function stateOf(last: CutoverEvent | undefined, steps: number): CutoverState {
  if (last === undefined) return 'planned'
  const isOver = last.step >= steps
  if (last.direction === 'forward') return isOver ? 'done' : 'under way'
  return isOver ? 'undone' : 'being undone'
}
