import { type Location, renderDrillId, thawKey, thawPrefix } from '../../core/backup/bucket-layout.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import {
  renderThaw,
  renderThawTiers,
  type ThawTier,
  thawProblem,
  thawReadyBy,
} from '../../core/backup/thaw.ts'
import {
  parseThawRecord,
  renderThawRecord,
  THAW_VERSION,
  type ThawRecord,
} from '../../core/backup/thaw-record.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import type { Store } from '../../storage/store.ts'
import type { SleepingArchive } from '../../storage/thaw.ts'
import { readNewest } from './past-records.ts'

interface ThawRequest {
  readonly manifest: Manifest
  readonly location: Location
  /** Undefined where the store must not be asked. */
  readonly tier: ThawTier | undefined
  readonly nonce: string
  readonly run: ThawRecord['run']
}

export interface ThawDeps {
  readonly store: Store
  readonly findSleeping: (archive: Manifest['object']) => Promise<SleepingArchive | undefined>
  readonly askForThaw: (archive: SleepingArchive, tier: ThawTier) => Promise<void>
  readonly now: () => Date
  readonly log: Log
}

/** Records of requests that are read to find the one that is under way. */
const RECORDS_READ = 20

/**
 * Returns when the archive can be read. One in cold storage is asked for once, with a record; a later run
 * goes on when it is there. Throws ARCHIVE_THAWING until then, BACKUP_UNUSABLE without a tier, and
 * INVALID_INPUT for a tier that its class does not have.
 */
export async function requireAwake(request: ThawRequest, deps: ThawDeps): Promise<void> {
  const { manifest, tier } = request
  const archive = await deps.findSleeping(manifest.object)
  if (archive === undefined) return
  if (archive.isUnderWay) throw thawing(deps.store, archive, await readAsked(request, deps))
  const { storageClass } = archive
  const uri = deps.store.uri(archive.key)
  if (tier === undefined) throw asleep(uri, manifest, storageClass)
  refuseTier(uri, storageClass, tier)
  const record = createRecord(request, archive, tier, deps)
  await deps.askForThaw(archive, tier)
  deps.log.info(`Asked for ${uri} (${storageClass}), ${tier}: ${renderThaw(storageClass, tier)}.`)
  await keepRecord(request, record, deps)
  throw thawing(deps.store, archive, record)
}

/** The request is made: that it could not be recorded must not hide when to come back. */
async function keepRecord({ location, nonce }: ThawRequest, record: ThawRecord, deps: ThawDeps) {
  const key = thawKey(location, new Date(record.thaw.askedAt), nonce)
  try {
    await deps.store.putJson(key, renderThawRecord(record))
  } catch (error) {
    deps.log.warning(`The request is not recorded in ${deps.store.uri(key)}: ${errorMessage(error)}`)
  }
}

/** What the plan of a restore says of an archive that cannot be read yet. */
export function renderSleep(uri: string, manifest: Manifest, { storageClass, isUnderWay }: SleepingArchive) {
  return isUnderWay
    ? `${uri} is being retrieved from cold storage (${storageClass}). Its contents are checked when it is there.`
    : `${uri} is in cold storage (${storageClass}) and cannot be read: the restore needs the input thaw, and a second run when the archive is there. Retrieval of ${renderBytes(manifest.object.bytes)}: ${renderThawTiers(storageClass)}.`
}

/** Throws INVALID_INPUT for a tier that the class does not have. */
export function refuseTier(uri: string, storageClass: string, tier: ThawTier): void {
  const problem = thawProblem(storageClass, tier)
  if (problem === undefined) return
  throw new OperatorError('INVALID_INPUT', `thaw: ${problem}. ${uri} was not asked for.`, {
    hint: `Set thaw to one of: ${renderThawTiers(storageClass)}.`,
  })
}

function asleep(uri: string, { object }: Manifest, storageClass: string): OperatorError {
  return new OperatorError(
    'BACKUP_UNUSABLE',
    `${uri} is in cold storage (${storageClass}) and has to be retrieved before it can be read.`,
    {
      hint: `Set thaw to ask for it. Retrieval of ${renderBytes(object.bytes)}: ${renderThawTiers(storageClass)}. Or pick a newer backup.`,
    },
  )
}

function thawing(
  store: Store,
  { key, storageClass }: SleepingArchive,
  record: ThawRecord | undefined,
): OperatorError {
  const asked =
    record === undefined
      ? ''
      : ` It was asked for at ${record.thaw.askedAt} by run ${record.run.runId} (${record.thaw.tier}: ${renderThaw(storageClass, record.thaw.tier)}).`
  const by = record?.thaw.readyBy ?? undefined
  return new OperatorError(
    'ARCHIVE_THAWING',
    `${store.uri(key)} is being retrieved from cold storage (${storageClass}).${asked} Nothing was restored.`,
    {
      hint: `Run this again ${by === undefined ? 'in some hours' : `after ${by}`}, with the same inputs: it goes on when the archive is there.`,
    },
  )
}

/** The newest record of a request for this backup. A request of another tool has none. */
async function readAsked(
  { manifest, location }: ThawRequest,
  { store, log }: ThawDeps,
): Promise<ThawRecord | undefined> {
  const series = { prefix: thawPrefix(location), parse: parseThawRecord }
  const leaveOut = (uri: string, error: unknown) => log.debug(`${uri}: ${errorMessage(error)}`)
  const records = (await readNewest(store, series, RECORDS_READ, leaveOut)) ?? []
  return records.findLast(({ backup }) => backup.id === manifest.backup.id)
}

function createRecord(
  { manifest, location, nonce, run }: ThawRequest,
  { key, versionId, storageClass }: SleepingArchive,
  tier: ThawTier,
  { store, now }: ThawDeps,
): ThawRecord {
  const askedAt = now()
  const { backup, object } = manifest
  return {
    version: THAW_VERSION,
    thaw: {
      id: renderDrillId(askedAt, nonce),
      database: location.database,
      askedAt: askedAt.toISOString(),
      tier,
      storageClass,
      readyBy: thawReadyBy(storageClass, tier, askedAt)?.toISOString() ?? null,
    },
    backup: {
      ...{ id: backup.id, bucket: store.bucket, key, versionId },
      ...{ sha256: object.sha256, bytes: object.bytes, snapshotAt: backup.snapshotAt },
    },
    run,
  }
}
