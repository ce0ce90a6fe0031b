import type { Manifest, SequenceFingerprint, TableFingerprint } from '../../../src/core/backup/manifest.ts'

/** A table as a fingerprint of level `content` knows it. */
export function sampleTable(
  name: string,
  rows: number,
  more: Partial<TableFingerprint> = {},
): TableFingerprint {
  return {
    schema: 'public',
    name,
    rows,
    newest: { column: 'created_at', value: '2026-11-01 03:00:00+00' },
    contentHash: '0123456789abcdef0123456789abcdef',
    extension: null,
    movesWithin: null,
    ...more,
  }
}

/** A sequence that was never used, without the fields that older manifests lack, but for what is given. */
export function sampleSequence(
  name: string,
  { atSnapshot = null, atEnd = null, ...more }: Partial<SequenceFingerprint>,
): SequenceFingerprint {
  return {
    schema: 'public',
    name,
    atSnapshot,
    atEnd,
    nextAtSnapshot: null,
    nextAtEnd: null,
    cycles: null,
    ...more,
  }
}

/** The manifest of a small database, with a content fingerprint. */
export const SAMPLE: Manifest = {
  version: 1,
  backup: {
    id: '20261101T031500Z-daily-1a2b3c4d',
    database: 'logi',
    kind: 'daily',
    snapshotAt: '2026-11-01T03:15:00.000Z',
    tablePatterns: [],
    excludeTablePatterns: [],
    schemaPatterns: [],
  },
  object: {
    bucket: 'logi-backups',
    key: 'archives/logi/2026/11/20261101T031500Z-daily-1a2b3c4d.dump',
    versionId: 'v1',
    etag: '"e"',
    bytes: 1000,
    sha256: 'a'.repeat(64),
    parts: [{ bytes: 1000, sha256: 'a'.repeat(64) }],
    checksum: null,
    storageClass: 'STANDARD',
  },
  archive: {
    format: 'custom',
    compression: 'zstd:3',
    toolVersion: '18.7',
    options: [],
    textSettings: { timeZone: 'UTC', byteaOutput: 'hex', lcMonetary: 'C' },
  },
  server: {
    version: '18.7',
    database: 'logi',
    encoding: 'UTF8',
    collationProvider: 'c',
    collate: 'C.UTF-8',
    ctype: 'C.UTF-8',
    locale: null,
    icuRules: null,
    databaseBytes: 10_000,
    isStandby: false,
    systemIdentifier: '7712047865429362605',
    extensions: [
      { name: 'citext', version: '1.6', schema: 'public' },
      { name: 'plpgsql', version: '1.0', schema: 'pg_catalog' },
    ],
    requiredRoles: [],
  },
  fingerprint: {
    level: 'content',
    tables: [sampleTable('users', 20_000), sampleTable('links', 30_000)],
    sequences: [
      sampleSequence('users_id_seq', { atSnapshot: '20000', atEnd: '20003' }),
      sampleSequence('unused_seq', {}),
    ],
    objects: {
      indexes: 9,
      constraints: 7,
      triggers: 2,
      functions: 1,
      policies: 0,
      views: 2,
      largeObjects: 0,
    },
    definitions: null,
    privileges: null,
    largeObjectsHash: null,
  },
  durations: { dumpMs: 1000, totalMs: 2000 },
  run: { repository: 'logi/db', workflow: 'backup', runId: '1', runAttempt: '1', commit: 'abc' },
}
