import { type BackupId, parseBackupId, renderBackupId } from '../../core/backup/backup-id.ts'
import {
  archiveKey,
  archivePrefix,
  manifestKey,
  manifestPrefix,
  retiredPrefix,
} from '../../core/backup/bucket-layout.ts'
import { type Manifest, parseManifest } from '../../core/backup/manifest.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { mapBounded } from '../../core/map-bounded.ts'
import type { Catalogue, CatalogueBackup } from '../../core/retention/catalogue.ts'
import type { Doomed, DoomedObject } from '../../core/retention/plan-digest.ts'
import type { RetentionPolicy } from '../../core/retention/policy.ts'
import { type TombstoneSource, tombstoneSource } from '../../core/retention/tombstone.ts'
import type { StoredVersion } from '../../storage/bucket/versions.ts'
import { PARALLEL_REQUESTS, type RetentionDeps } from './deps.ts'
import { readDrills, readPins, readReferences } from './read-records.ts'

/** What the store holds of one backup, and what stays of it after a deletion. */
export interface StoredBackup {
  readonly doomed: Doomed
  /** Null where the tombstone is written already. */
  readonly tombstone: TombstoneSource | null
}

/** The catalogue, and what the store holds of each backup. */
export interface ReadCatalogue {
  readonly catalogue: Catalogue
  /** By backup id. */
  readonly objects: ReadonlyMap<string, StoredBackup>
  /** Archives whose tombstone is there and whose manifest is gone: an earlier run was interrupted. */
  readonly unfinished: readonly StoredBackup[]
  /** Manifests that a delete marker hides. */
  readonly hidden: readonly string[]
}

/**
 * Reads everything that a plan is made from. Throws where a listing fails; what is damaged is in
 * `unreadable`.
 */
export async function readCatalogue(policy: RetentionPolicy, deps: RetentionDeps): Promise<ReadCatalogue> {
  const { location } = deps
  const manifests = await deps.listVersions(manifestPrefix(location))
  const archives = byKey((await deps.listVersions(archivePrefix(location))).versions)
  const listed = [...byKey(manifests.versions)].flatMap(([key, versions]) =>
    toListed(key, versions, location),
  )
  const present = listed.filter(({ versions }) => versions[0]?.isDeleteMarker === false)
  const read = await mapBounded(present, PARALLEL_REQUESTS, one => readBackup(one, archives, deps))
  const found = read.filter(one => typeof one !== 'string')
  const ids = new Set(present.map(({ id }) => renderBackupId(id)))
  const drills = await readDrills(deps)
  const pins = await readPins(ids, deps)
  const retired = new Set((await deps.store.list(retiredPrefix(location))).map(nameOf))
  return {
    catalogue: {
      backups: found.map(({ backup }) => backup),
      ...drills,
      referenced: await readReferences(policy.referencedMs, deps),
      pinned: pins.pinned,
      unreadable: [
        ...read.filter(one => typeof one === 'string'),
        ...pins.unreadable,
        ...(manifests.storeTime === undefined ? ['The store does not say what time it is.'] : []),
      ],
      storeTime: manifests.storeTime ?? deps.now(),
    },
    objects: new Map(
      found.map(({ backup, doomed, tombstone }) => [
        backup.id,
        { doomed, tombstone: retired.has(backup.id) ? null : tombstone },
      ]),
    ),
    unfinished: findUnfinished(ids, retired, archives),
    hidden: listed.filter(one => !present.includes(one)).map(({ id }) => renderBackupId(id)),
  }
}

type VersionsByKey = ReadonlyMap<string, readonly StoredVersion[]>

function byKey(versions: readonly StoredVersion[]): VersionsByKey {
  return Map.groupBy(versions, ({ key }) => key)
}

interface ListedManifest {
  readonly id: BackupId
  readonly key: string
  /** The current one first. */
  readonly versions: readonly StoredVersion[]
}

/** Objects under other names are not manifests: signatures, notes. */
function toListed(
  key: string,
  versions: readonly StoredVersion[],
  location: RetentionDeps['location'],
): readonly ListedManifest[] {
  const id = toBackupId(key, '.json')
  if (id === undefined || manifestKey(location, id) !== key) return []
  return [{ id, key, versions: versions.toSorted((a, b) => Number(b.isLatest) - Number(a.isLatest)) }]
}

function toBackupId(key: string, extension: string): BackupId | undefined {
  try {
    return key.endsWith(extension)
      ? parseBackupId(key.slice(key.lastIndexOf('/') + 1, -extension.length))
      : undefined
  } catch {
    return undefined
  }
}

interface ReadBackup extends StoredBackup {
  readonly backup: CatalogueBackup
}

/** One backup with what the store holds of it, or a sentence about why it cannot be read. */
async function readBackup(
  { id, key, versions }: ListedManifest,
  archives: VersionsByKey,
  { store, location }: RetentionDeps,
): Promise<ReadBackup | string> {
  const manifest = await readManifest(key, store)
  if (typeof manifest === 'string') return manifest
  const { backup, object } = manifest
  if (backup.id !== renderBackupId(id) || backup.kind !== id.kind || backup.database !== location.database)
    return `The manifest ${store.uri(key)} is that of ${backup.id} of ${backup.database}.`
  // Its own archive: a manifest that names that of another would have it deleted.
  if (!(['dump', 'sql'] as const).some(extension => object.key === archiveKey(location, id, extension)))
    return `The manifest ${store.uri(key)} names an archive elsewhere: ${object.key}.`
  const archived = archives.get(object.key) ?? []
  const archive = pinnedVersion(archived, object.versionId)
  return {
    backup: {
      id: backup.id,
      kind: backup.kind,
      namedAt: id.instant,
      snapshotAt: new Date(backup.snapshotAt),
      storedAt: versions[0]?.storedAt ?? new Date(0),
      bytes: object.bytes,
      sha256: object.sha256,
      versionId: object.versionId,
      storedBytes: archive?.bytes,
      isOverwritten: differ(versions) || differ(archived),
    },
    doomed: { id: backup.id, manifest: toDoomed(key, versions), archive: toDoomed(object.key, archived) },
    tombstone: tombstoneSource(manifest),
  }
}

/** The version that the manifest names; the current one where the store had no versions then. */
function pinnedVersion(
  versions: readonly StoredVersion[],
  versionId: string | null,
): StoredVersion | undefined {
  if (versionId === null) return versions.find(({ isLatest, isDeleteMarker }) => isLatest && !isDeleteMarker)
  return versions.find(version => version.versionId === versionId)
}

/** A retry after a lost answer writes the same bytes twice; anything else was not written by a backup. */
function differ(versions: readonly StoredVersion[]): boolean {
  return new Set(versions.map(({ etag, isDeleteMarker }) => (isDeleteMarker ? 'marker' : etag))).size > 1
}

function toDoomed(key: string, versions: readonly StoredVersion[]): DoomedObject {
  return {
    key,
    versionIds: versions.map(({ versionId }) => versionId),
    etag: versions[0]?.etag ?? '',
    bytes: versions.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

async function readManifest(key: string, store: RetentionDeps['store']): Promise<Manifest | string> {
  const json = await store.getText(key)
  try {
    return parseManifest(json, store.uri(key))
  } catch (error) {
    if (error instanceof OperatorError) return errorMessage(error)
    throw error
  }
}

/** A tombstone is written before anything is deleted, so an interrupted run leaves it with the archive. */
function findUnfinished(
  ids: ReadonlySet<string>,
  retired: ReadonlySet<string>,
  archives: VersionsByKey,
): readonly StoredBackup[] {
  return [...archives].flatMap(([key, versions]) => {
    const id = nameOf(key)
    const doomed = { id, manifest: null, archive: toDoomed(key, versions) }
    return retired.has(id) && !ids.has(id) ? [{ doomed, tombstone: null }] : []
  })
}

/** `20261123T031500Z-daily-1a2b3c4d` of a key that ends in `.json`, `.dump` or `.sql`. */
function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/\.(json|dump|sql)$/, '')
}
