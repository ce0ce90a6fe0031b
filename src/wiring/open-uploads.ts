import { setTimeout as sleep } from 'node:timers/promises'
import { parseBackupId } from '../core/backup/backup-id.ts'
import { type Location, manifestKey } from '../core/backup/bucket-layout.ts'
import { errorMessage, OperatorError } from '../core/errors.ts'
import * as d from '../core/json/decode.ts'
import type { Log } from '../core/log.ts'
import type { ActionContext } from '../runner/action.ts'
import type { PhaseState } from '../runner/state.ts'
import type { CopyDestination } from '../steps/dump/request.ts'
import { abortOpenUpload, type OpenUpload } from '../storage/multipart/abort-upload.ts'
import { removeOurs } from '../storage/multipart/store-upload.ts'
import type { UploadRequest } from '../storage/multipart/upload-request.ts'
import { Store } from '../storage/store.ts'

/** Under this name the post phase finds what a main phase left open: the upload, and each copy of it. */
const OPEN_UPLOADS = 'open-uploads'

const openUploads = d.array(
  d.nullable(
    d.object({ key: d.string, uploadId: d.nullable(d.string), isCompleting: d.optional(d.boolean) }),
  ),
)
type LeftUpload = Exclude<d.Decoded<typeof openUploads>[number], null>

/** The request with a memory that outlives this process. */
export function rememberUploads(request: UploadRequest, state: PhaseState): UploadRequest {
  const stores = request.copies?.stores ?? []
  const open: (OpenUpload | null)[] = Array.from({ length: stores.length + 1 }, () => null)
  const rememberAt = (index: number) => (upload: OpenUpload | null) => {
    open[index] = upload
    state.save(OPEN_UPLOADS, open)
  }
  const remembered = stores.map((copy, i) => ({ ...copy, remember: rememberAt(i + 1) }))
  return {
    ...request,
    remember: rememberAt(0),
    ...(request.copies && { copies: { ...request.copies, stores: remembered } }),
  }
}

/** Whether the main phase was killed before it could clean up, or a store kept it from that. */
export function hasOpenUpload({ state }: ActionContext): boolean {
  return readOpen(state).some(open => open !== null)
}

function readOpen(state: Pick<PhaseState, 'read'>): d.Decoded<typeof openUploads> {
  return openUploads(state.read(OPEN_UPLOADS) ?? [], OPEN_UPLOADS)
}

/**
 * Removes the uploads, or the archives without a manifest, of a main phase that was stopped. Throws what the
 * first store says; a copy that cannot be removed is a warning.
 */
export async function removeOpenUploads(
  context: Pick<ActionContext, 'state' | 'log' | 'signal'>,
  location: Location,
  store: Store,
  copies: readonly CopyDestination[] = [],
): Promise<void> {
  const [first = null, ...others] = readOpen(context.state)
  const removals = [
    first === null ? undefined : removeUpload(first, location, store, context.log),
    ...copies.map((copy, i) => removeCopy(others[i] ?? null, location, copy, context)),
  ]
  await Promise.allSettled(removals)
  await Promise.all(removals)
}

async function removeCopy(
  open: LeftUpload | null,
  location: Location,
  { config, destination }: CopyDestination,
  { log, signal }: Pick<ActionContext, 'log' | 'signal'>,
): Promise<void> {
  if (open === null) return
  using store = new Store(config, log, signal)
  try {
    await removeUpload(open, { ...location, prefix: destination.prefix }, store, log)
  } catch (error) {
    const hint = error instanceof OperatorError ? (error.hint ?? '') : ''
    log.warning(`${errorMessage(error)} ${hint}`.trim())
  }
}

/** A completion without an answer takes effect within this time, or never. */
const LATE_EFFECT_MS = 10_000
const LOOK_EVERY_MS = 2000

async function removeUpload(
  { key, uploadId, isCompleting }: LeftUpload,
  location: Location,
  store: Store,
  log: Log,
): Promise<void> {
  log.info(`The dump was stopped halfway; removing its upload of ${store.uri(key)}.`)
  // Harmless when the upload was completed: then only the manifest decides whether the archive stays.
  await abortOpenUpload(store, { key, uploadId })
  const backupId = key.replace(/^.*\/|\.\w+$/g, '')
  const manifest = manifestKey(location, parseBackupId(backupId))
  const until = performance.now() + (isCompleting === true ? LATE_EFFECT_MS : 0)
  for (;;) {
    if (!(await lacksManifest(store, manifest))) return
    if ((await removeOurs(store, key, backupId)) || performance.now() >= until) return
    await sleep(LOOK_EVERY_MS)
  }
}

/**
 * Credentials that may not look cannot know; then the archive stays, which without a manifest is no backup.
 */
async function lacksManifest(store: Store, key: string): Promise<boolean> {
  try {
    return (await store.head(key)) === undefined
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'STORE_DENIED') return false
    throw error
  }
}
