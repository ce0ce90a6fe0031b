import { canonicalJson } from '../json/canonical.ts'
import * as d from '../json/decode.ts'
import { parseRecord } from '../json/versioned-record.ts'
import { BACKUP_KINDS } from './backup-id.ts'

export const MANIFEST_VERSION = 1

/**
 * How closely the content was read at the snapshot: not at all, rows and newest values, or every value
 * hashed.
 */
export const FINGERPRINT_LEVELS = ['none', 'counts', 'content'] as const
export type FingerprintLevel = (typeof FINGERPRINT_LEVELS)[number]

export const ARCHIVE_FORMATS = ['custom', 'plain'] as const
export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number]

const tableFingerprint = d.object({
  schema: d.string,
  name: d.string,
  rows: d.nonNegativeInt,
  /**
   * The greatest value of the table's time column at the snapshot, as PostgreSQL prints it in UTC; null in an
   * empty table.
   */
  newest: d.nullable(d.object({ column: d.string, value: d.nullable(d.string) })),
  /** 128 bits over all values, independent of the order of rows; null below level `content`. */
  contentHash: d.nullable(d.string),
  /**
   * The extension whose configuration it is; then these are the rows that do not come with CREATE EXTENSION.
   */
  extension: d.optional(d.string),
  /**
   * The partitioned table in which its rows may lie elsewhere after a restore: then only the sum over that
   * counts.
   */
  movesWithin: d.nullable(d.object({ schema: d.string, name: d.string })),
})
export type TableFingerprint = d.Decoded<typeof tableFingerprint>

/**
 * Sequences are not transactional: pg_dump reads a value somewhere between the snapshot and its end, so the
 * archive holds one from `atSnapshot` to `atEnd`. Values are decimal texts, because they may exceed 2^53;
 * null was never used (is_called is false), and then `next…` is what it gives out first: its start, or what
 * it was set to.
 */
const sequenceFingerprint = d.object({
  schema: d.string,
  name: d.string,
  atSnapshot: d.nullable(d.string),
  atEnd: d.nullable(d.string),
  nextAtSnapshot: d.optional(d.string),
  nextAtEnd: d.optional(d.string),
  /** After its greatest value it starts again. */
  cycles: d.optional(d.boolean),
})
export type SequenceFingerprint = d.Decoded<typeof sequenceFingerprint>

const objectCounts = d.object({
  indexes: d.nonNegativeInt,
  constraints: d.nonNegativeInt,
  triggers: d.nonNegativeInt,
  functions: d.nonNegativeInt,
  policies: d.nonNegativeInt,
  views: d.nonNegativeInt,
  /** Large objects, which belong to no schema. */
  largeObjects: d.nonNegativeInt,
})
export type ObjectCounts = d.Decoded<typeof objectCounts>

/** An object of the schema and 64 bits over its definition, by which a change is seen but not what it was. */
const definition = d.object({ kind: d.string, name: d.string, hash: d.string })
export type Definition = d.Decoded<typeof definition>

/** Owner and grants of an object, as pg_class.relacl prints them; null acl is the default of its kind. */
const objectPrivileges = d.object({
  kind: d.oneOf(['function', 'view', 'schema']),
  /** With its schema; of a function with the types of its arguments. */
  name: d.string,
  owner: d.string,
  /** SECURITY DEFINER, or a view without security_invoker. */
  runsAsOwner: d.boolean,
  acl: d.nullable(d.array(d.string)),
})
export type ObjectPrivileges = d.Decoded<typeof objectPrivileges>

const extension = d.object({ name: d.string, version: d.string, schema: d.string })
export type Extension = d.Decoded<typeof extension>

/** Settings of the dump's session that decide how a value prints, beyond those that pg_dump sets itself. */
const textSettings = d.object({ timeZone: d.string, byteaOutput: d.string, lcMonetary: d.string })
export type TextSettings = d.Decoded<typeof textSettings>

export const manifest = d.object({
  version: d.nonNegativeInt,
  backup: d.object({
    id: d.string,
    database: d.string,
    kind: d.oneOf(BACKUP_KINDS),
    /** The server's clock when the snapshot was taken. */
    snapshotAt: d.timestamp,
    /** What a partial backup was narrowed to, as pg_dump patterns; empty lists in a full one. */
    tablePatterns: d.array(d.string),
    excludeTablePatterns: d.array(d.string),
    schemaPatterns: d.array(d.string),
  }),
  object: d.object({
    bucket: d.string,
    key: d.string,
    versionId: d.nullable(d.string),
    etag: d.string,
    bytes: d.nonNegativeInt,
    sha256: d.sha256,
    /** In order; together they are the object. */
    parts: d.array(d.object({ bytes: d.nonNegativeInt, sha256: d.sha256 })),
    /**
     * The checksum of the whole object that the store computed itself and confirmed; null where it has none.
     */
    checksum: d.nullable(d.object({ algorithm: d.string, type: d.string, value: d.string })),
    storageClass: d.string,
  }),
  archive: d.object({
    format: d.oneOf(ARCHIVE_FORMATS),
    compression: d.string,
    toolVersion: d.string,
    options: d.array(d.string),
    textSettings,
  }),
  server: d.object({
    version: d.string,
    database: d.string,
    encoding: d.string,
    /** pg_database.datlocprovider: b builtin, c libc, i icu, d default. */
    collationProvider: d.string,
    collate: d.string,
    ctype: d.string,
    locale: d.nullable(d.string),
    /** What ICU sorts otherwise than its locale says; null in older manifests. */
    icuRules: d.optional(d.string),
    /** pg_database_size, indexes included. */
    databaseBytes: d.nonNegativeInt,
    isStandby: d.boolean,
    /**
     * The number that initdb gave the cluster; null in older manifests, and where the role may not read it.
     */
    systemIdentifier: d.optional(d.string),
    extensions: d.array(extension),
    /** Roles that row security policies name: a server without them cannot take the policies. */
    requiredRoles: d.array(d.string),
  }),
  fingerprint: d.object({
    level: d.oneOf(FINGERPRINT_LEVELS),
    tables: d.array(tableFingerprint),
    sequences: d.array(sequenceFingerprint),
    /** Null in a partial backup. */
    objects: d.nullable(objectCounts),
    /** Null in a partial backup, too. */
    definitions: d.optional(d.array(definition)),
    /** Of SECURITY DEFINER functions and those with grants, views, and schemas; null in a partial backup. */
    privileges: d.nullable(d.array(objectPrivileges)),
    /** 128 bits over the bytes of all large objects; null below level `content`, and where there are none. */
    largeObjectsHash: d.optional(d.string),
  }),
  /** pg_dump with its upload, and the whole step. */
  durations: d.object({ dumpMs: d.nonNegativeInt, totalMs: d.nonNegativeInt }),
  run: d.object({
    repository: d.string,
    workflow: d.string,
    runId: d.string,
    runAttempt: d.string,
    commit: d.string,
  }),
})

/**
 * The record of one backup. A backup exists only when its manifest exists, and the manifest is written last.
 */
export type Manifest = d.Decoded<typeof manifest>

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
  decoder: manifest,
  code: 'MANIFEST_INVALID',
  what: 'manifest',
} as const

/**
 * Reads a manifest; throws MANIFEST_INVALID when it is damaged or of a newer major version. `name` is for the
 * error.
 */
export function parseManifest(json: string, name: string): Manifest {
  return parseRecord(MANIFEST, json, name)
}
