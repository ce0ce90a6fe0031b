import { type BackupId, renderBackupId } from '../../core/backup/backup-id.ts'
import { contentOptions } from '../../core/backup/dump-options.ts'
import { MANIFEST_VERSION, type Manifest, type SequenceFingerprint } from '../../core/backup/manifest.ts'
import { type PostgresVersion, renderVersion } from '../../core/pg/version.ts'
import type { ServerFacts } from '../../postgres/catalog/server-facts.ts'
import type { Snapshot } from '../../postgres/source/snapshot.ts'
import type { FoundContent } from '../../postgres/source/source.ts'
import type { SentContent } from '../../storage/multipart/part-writer.ts'
import type { ObjectFacts } from '../../storage/store.ts'
import type { DumpRequest } from './request.ts'

/** What a dump found out on its way. */
interface DumpFacts {
  readonly id: BackupId
  readonly bucket: string
  readonly key: string
  readonly tool: PostgresVersion
  readonly server: ServerFacts
  readonly snapshot: Snapshot
  readonly stored: ObjectFacts
  readonly archive: SentContent
  readonly content: FoundContent
  readonly sequences: readonly SequenceFingerprint[]
  readonly durations: Manifest['durations']
}

/** Puts the manifest together; fingerprint level `none` leaves out what was not asked for. */
export function createManifest(request: DumpRequest, facts: DumpFacts): Manifest {
  const { options, location, fingerprint } = request
  const { id, key, server, snapshot, stored, archive, content, sequences, durations } = facts
  const { versionNumber: _, textSettings, columnOptions: __, hiddenMappings: ___, ...serverFacts } = server
  return {
    version: MANIFEST_VERSION,
    backup: {
      id: renderBackupId(id),
      database: location.database,
      kind: id.kind,
      snapshotAt: snapshot.instant.toISOString(),
      tablePatterns: options.tables,
      excludeTablePatterns: options.excludeTables,
      schemaPatterns: options.schemas,
    },
    object: storedObject(facts.bucket, key, stored, archive),
    archive: {
      format: options.format,
      compression: options.compression,
      toolVersion: renderVersion(facts.tool),
      options: contentOptions(options),
      textSettings,
    },
    server: { ...serverFacts, extensions: content.extensions, requiredRoles: content.requiredRoles },
    fingerprint: {
      level: fingerprint,
      tables: content.tables,
      sequences: fingerprint === 'none' ? [] : sequences,
      objects: content.objects,
      definitions: content.definitions,
      privileges: content.privileges,
      largeObjectsHash: content.largeObjectsHash,
    },
    durations,
    run: request.run,
  }
}

/** The archive as one store holds it. */
export function storedObject(
  bucket: string,
  key: string,
  stored: ObjectFacts,
  { sha256, parts }: SentContent,
): Manifest['object'] {
  const { versionId, etag, bytes, checksum, storageClass } = stored
  return { bucket, key, versionId, etag, bytes, sha256, parts, checksum, storageClass }
}
