import { backupCopy } from '../backup/copies.ts'
import { canonicalJson } from '../json/canonical.ts'
import * as d from '../json/decode.ts'
import { parseRecord, recordedBackup, recordedRun } from '../json/versioned-record.ts'

export const GATE_VERSION = 1

/**
 * How far a restore point was proven, weakest first. `checksum`: the store holds what pg_dump wrote.
 * `archive`: every byte was read back, hashed and decoded by pg_restore. `drill`: restored and compared.
 */
export const VERIFY_LEVELS = ['checksum', 'archive', 'drill'] as const
export type VerifyLevel = (typeof VERIFY_LEVELS)[number]

export const gateRecord = d.object({
  version: d.nonNegativeInt,
  gate: d.object({
    /** The name of the record in the bucket, without `.json`. */
    id: d.string,
    database: d.string,
    at: d.timestamp,
    level: d.oneOf(VERIFY_LEVELS),
  }),
  /** Exactly which object is the restore point. */
  backup: recordedBackup,
  /** Its further copies, those that are missing too. */
  copies: d.optional(d.array(backupCopy)),
  /** From the start of the gate to its record: how long the deploy waited. */
  durations: d.optional(d.object({ totalMs: d.nonNegativeInt })),
  /** What the deploy was about to do; the tool is null where none was recognised. */
  migrations: d.object({ tool: d.nullable(d.string), pending: d.array(d.string) }),
  run: recordedRun,
})

/** The evidence of one gate: which commit it let through, with which migrations and restore point. */
export type GateRecord = d.Decoded<typeof gateRecord>

/** Whether a gate let this deploy through: in the same run, or in another run of the same commit. */
export function isOfDeploy({ run }: GateRecord, deploy: GateRecord['run']): boolean {
  const isSame = (key: 'runId' | 'commit') => run[key] !== '' && run[key] === deploy[key]
  return run.repository === deploy.repository && (isSame('runId') || isSame('commit'))
}

/** The bytes of a record: canonical JSON. */
export function renderGateRecord(value: GateRecord): string {
  return canonicalJson(value)
}

/** Throws MANIFEST_INVALID when it is damaged or of a newer major version. `name` is for the error. */
export function parseGateRecord(json: string, name: string): GateRecord {
  return parseRecord(
    { version: GATE_VERSION, decoder: gateRecord, code: 'MANIFEST_INVALID', what: 'gate record' },
    json,
    name,
  )
}
