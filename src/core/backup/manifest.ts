import { canonicalJson } from '../json/canonical.ts'
import {
  addedLater,
  flag,
  instant,
  list,
  nullable,
  object,
  oneOf,
  type Read,
  sha256,
  text,
  whole,
} from '../json/decode.ts'
import { parseRecord } from '../json/versioned-record.ts'
import { BACKUP_KINDS } from './backup-id.ts'

export const MANIFEST_VERSION = 1

/** How closely the content was read at the snapshot: not at all, rows and newest values, or every value hashed. */
export const FINGERPRINT_LEVELS = ['none', 'counts', 'content'] as const
export type FingerprintLevel = (typeof FINGERPRINT_LEVELS)[number]

export const ARCHIVE_FORMATS = ['custom', 'plain'] as const
export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number]

const tableFingerprint = object({
  schema: text,
  name: text,
  rows: whole,
  /** The greatest value of the table's time column at the snapshot, as PostgreSQL prints it in UTC; null in an empty table. */
  newest: nullable(object({ column: text, value: nullable(text) })),
  /** 128 bits over all values, independent of the order of rows; null below level `content`. */
  contentHash: nullable(text),
  /** The extension whose configuration it is; then these are the rows that do not come with CREATE EXTENSION. */
  extension: addedLater(text),
})
export type TableFingerprint = Read<typeof tableFingerprint>

/**
 * Sequences are not transactional: pg_dump reads a value somewhere between the snapshot and its end, so the archive
 * holds one from `atSnapshot` to `atEnd`. Values are decimal texts, because they may exceed 2^53; null was never used
 * (is_called is false), and then `next…` is what it gives out first: its start, or what somebody set it to.
 */
const sequenceFingerprint = object({
  schema: text,
  name: text,
  atSnapshot: nullable(text),
  atEnd: nullable(text),
  nextAtSnapshot: addedLater(text),
  nextAtEnd: addedLater(text),
  /** After its greatest value it begins anew. */
  cycles: addedLater(flag),
})
export type SequenceFingerprint = Read<typeof sequenceFingerprint>

const objectCounts = object({
  indexes: whole,
  constraints: whole,
  triggers: whole,
  functions: whole,
  policies: whole,
  views: whole,
  /** Large objects, which belong to no schema. */
  largeObjects: whole,
})
export type ObjectCounts = Read<typeof objectCounts>

/** An object of the schema and 64 bits over its definition, by which a change is seen but not what it was. */
const definition = object({ kind: text, name: text, hash: text })
export type Definition = Read<typeof definition>

const extension = object({ name: text, version: text, schema: text })
export type Extension = Read<typeof extension>

/** Settings of the dump's session that decide how a value prints, beyond those that pg_dump sets itself. */
const textSettings = object({ timeZone: text, byteaOutput: text, lcMonetary: text })
export type TextSettings = Read<typeof textSettings>

const manifest = object({
  version: whole,
  backup: object({
    id: text,
    database: text,
    kind: oneOf(BACKUP_KINDS),
    /** The server's clock when the snapshot was taken. */
    snapshotAt: instant,
    /** What a partial backup was narrowed to, as pg_dump patterns; empty lists in a full one. */
    tablePatterns: list(text),
    excludeTablePatterns: list(text),
    schemaPatterns: list(text),
  }),
  object: object({
    bucket: text,
    key: text,
    versionId: nullable(text),
    etag: text,
    bytes: whole,
    sha256,
    /** In order; together they are the object. */
    parts: list(object({ bytes: whole, sha256 })),
    /** The checksum of the whole object that the store computed itself and confirmed; null where it has none. */
    checksum: nullable(object({ algorithm: text, type: text, value: text })),
    storageClass: text,
  }),
  archive: object({
    format: oneOf(ARCHIVE_FORMATS),
    compression: text,
    toolVersion: text,
    options: list(text),
    textSettings,
  }),
  server: object({
    version: text,
    database: text,
    encoding: text,
    /** pg_database.datlocprovider: b builtin, c libc, i icu, d default. */
    collationProvider: text,
    collate: text,
    ctype: text,
    locale: nullable(text),
    /** pg_database_size, indexes included. */
    databaseBytes: whole,
    isStandby: flag,
    /** The number that initdb gave the cluster; null in older manifests, and where the role may not read it. */
    systemIdentifier: addedLater(text),
    extensions: list(extension),
    /** Roles that row security policies name: a server without them cannot take the policies. */
    requiredRoles: list(text),
  }),
  fingerprint: object({
    level: oneOf(FINGERPRINT_LEVELS),
    tables: list(tableFingerprint),
    sequences: list(sequenceFingerprint),
    /** Null in a partial backup. */
    objects: nullable(objectCounts),
    /** Null in a partial backup, too. */
    definitions: addedLater(list(definition)),
    /** 128 bits over the bytes of all large objects; null below level `content`, and where there are none. */
    largeObjectsHash: addedLater(text),
  }),
  /** pg_dump with its upload, and the whole step. */
  durations: object({ dumpMs: whole, totalMs: whole }),
  run: object({ repository: text, workflow: text, runId: text, runAttempt: text, commit: text }),
})

/** The record of one backup. A backup exists only when its manifest exists, and the manifest is written last. */
export type Manifest = Read<typeof manifest>

/** Rows of all tables together. */
export function countRows(tables: readonly TableFingerprint[]): number {
  return tables.reduce((sum, table) => sum + table.rows, 0)
}

/** The bytes of a manifest: canonical JSON. */
export function renderManifest(value: Manifest): string {
  return canonicalJson(value)
}

const MANIFEST = {
  version: MANIFEST_VERSION,
  shape: manifest,
  code: 'MANIFEST_INVALID',
  what: 'manifest',
} as const

/** Reads a manifest; throws MANIFEST_INVALID when it is damaged or of a newer major version. `name` is for the error. */
export function parseManifest(json: string, name: string): Manifest {
  return parseRecord(MANIFEST, json, name)
}
