import { BACKUP_KINDS } from '../backup/backup-id.ts'
import type { Manifest } from '../backup/manifest.ts'
import { canonicalJson } from '../json/canonical.ts'
import * as d from '../json/decode.ts'
import { parseRecord, recordedRun } from '../json/versioned-record.ts'
import type { Doomed } from './plan-digest.ts'

const TOMBSTONE_VERSION = 1

const doomedObject = d.object({
  key: d.string,
  versionIds: d.array(d.nullable(d.string)),
  etag: d.string,
  bytes: d.nonNegativeInt,
})

export const tombstone = d.object({
  version: d.nonNegativeInt,
  retired: d.object({
    at: d.timestamp,
    /** The policy in words, under which nothing kept it. */
    policy: d.string,
    plan: d.string,
    /** What was about to be deleted: an interrupted run is finished from it. */
    archive: doomedObject,
  }),
  /** As in the manifest, as far as a trend needs it. */
  backup: d.object({
    id: d.string,
    database: d.string,
    kind: d.oneOf(BACKUP_KINDS),
    snapshotAt: d.timestamp,
    tablePatterns: d.array(d.string),
    excludeTablePatterns: d.array(d.string),
    schemaPatterns: d.array(d.string),
  }),
  object: d.object({ key: d.string, bytes: d.nonNegativeInt, sha256: d.sha256, storageClass: d.string }),
  server: d.object({
    version: d.string,
    databaseBytes: d.nonNegativeInt,
    database: d.optional(d.string),
    systemIdentifier: d.optional(d.string),
  }),
  durations: d.object({ dumpMs: d.nonNegativeInt, totalMs: d.nonNegativeInt }),
  /** The run that made the backup. */
  run: recordedRun,
  retiredBy: recordedRun,
})

/** What stays of a backup that retention deleted, so that history and trends survive. */
export type Tombstone = d.Decoded<typeof tombstone>

/** What a tombstone takes from the manifest: a few hundred bytes, however many tables that lists. */
export type TombstoneSource = Pick<Tombstone, 'backup' | 'object' | 'server' | 'durations' | 'run'>

export function tombstoneSource({
  backup,
  object: archive,
  server,
  durations,
  run,
}: Manifest): TombstoneSource {
  const { key, bytes, sha256: hash, storageClass } = archive
  const { version, databaseBytes, database, systemIdentifier } = server
  return {
    backup,
    object: { key, bytes, sha256: hash, storageClass },
    server: { version, databaseBytes, database, systemIdentifier },
    durations,
    run,
  }
}

export interface Retirement {
  readonly at: string
  readonly policy: string
  readonly plan: string
  readonly run: Tombstone['retiredBy']
}

export function createTombstone(
  source: TombstoneSource,
  { archive }: Doomed,
  { at, policy, plan, run }: Retirement,
): Tombstone {
  return {
    version: TOMBSTONE_VERSION,
    retired: { at, policy, plan, archive },
    ...source,
    retiredBy: run,
  }
}

/** The bytes of a tombstone: canonical JSON. */
export function renderTombstone(value: Tombstone): string {
  return canonicalJson(value)
}

/** Reads a tombstone; throws RETENTION_RECORD_INVALID when it is damaged or of a newer version. */
export function parseTombstone(json: string, name: string): Tombstone {
  return parseRecord(
    { version: TOMBSTONE_VERSION, decoder: tombstone, code: 'RETENTION_RECORD_INVALID', what: 'tombstone' },
    json,
    name,
  )
}
