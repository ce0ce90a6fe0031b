import type { Manifest } from '../../../src/core/backup/manifest.ts'

/** A manifest with something in every field. */
export function aManifest(): Manifest {
  return {
    version: 1,
    backup: {
      id: '20261123T031500Z-daily-1a2b3c4d',
      database: 'logi',
      kind: 'daily',
      snapshotAt: '2026-11-23T03:15:00.123Z',
      tablePatterns: [],
      excludeTablePatterns: [],
      schemaPatterns: [],
    },
    object: {
      bucket: 'backups',
      key: 'archives/logi/2026/11/20261123T031500Z-daily-1a2b3c4d.dump',
      versionId: null,
      etag: '"0123-2"',
      bytes: 16_777_217,
      sha256: 'a'.repeat(64),
      parts: [
        { bytes: 16_777_216, sha256: 'b'.repeat(64) },
        { bytes: 1, sha256: 'c'.repeat(64) },
      ],
      checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAAAA==' },
      storageClass: 'STANDARD_IA',
    },
    archive: {
      format: 'custom',
      compression: 'zstd:1',
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
      databaseBytes: 30_000_000,
      isStandby: false,
      systemIdentifier: '7712047865429362605',
      extensions: [{ name: 'plpgsql', version: '1.0', schema: 'pg_catalog' }],
      requiredRoles: ['reader'],
    },
    fingerprint: {
      level: 'content',
      tables: [
        {
          schema: 'public',
          name: 'Users "all"',
          rows: 3,
          newest: { column: 'created_at', value: '2026-11-23 03:00:00+00' },
          contentHash: '0'.repeat(32),
          extension: null,
        },
        { schema: 'public', name: 'empty', rows: 0, newest: null, contentHash: null, extension: 'pg_cron' },
      ],
      sequences: [
        {
          schema: 'public',
          name: 'users_id_seq',
          atSnapshot: '9223372036854775807',
          atEnd: null,
          nextAtSnapshot: null,
          nextAtEnd: '1',
          cycles: true,
        },
      ],
      objects: {
        indexes: 1,
        constraints: 2,
        triggers: 3,
        functions: 4,
        policies: 5,
        views: 6,
        largeObjects: 7,
      },
      definitions: [{ kind: 'view', name: 'public."All"', hash: '0123456789abcdef' }],
      largeObjectsHash: '0'.repeat(32),
    },
    durations: { dumpMs: 1000, totalMs: 2000 },
    run: { repository: 'o/r', workflow: 'backup', runId: '1', runAttempt: '1', commit: 'abc' },
  }
}
