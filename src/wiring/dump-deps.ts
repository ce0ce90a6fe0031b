import { setTimeout as sleep } from 'node:timers/promises'
import { parseBackupId } from '../core/backup/backup-id.ts'
import { type Location, manifestKey } from '../core/backup/bucket-layout.ts'
import type { Manifest } from '../core/backup/manifest.ts'
import { OperatorError } from '../core/errors.ts'
import * as d from '../core/json/decode.ts'
import type { Connection } from '../core/pg/connection.ts'
import { findTool } from '../postgres/client-tools/find-tool.ts'
import { connectionEnvironment } from '../postgres/client-tools/passfile.ts'
import { startDump } from '../postgres/client-tools/pg-dump.ts'
import type { Source } from '../postgres/source/source.ts'
import type { ActionContext } from '../runner/action.ts'
import type { Environment } from '../runner/environment.ts'
import type { DumpDeps, PgDump } from '../steps/dump/request.ts'
import { abortOpenUpload } from '../storage/multipart/abort-upload.ts'
import { beginUpload, removeOurs } from '../storage/multipart/upload.ts'
import type { Store } from '../storage/store.ts'

/** Under this name the post phase finds the upload that a killed main phase left open. */
const OPEN_UPLOAD = 'open-upload'

/**
 * What the dump step needs, from a context and the two ends of the dump. `directory` is private and removed
 * afterwards.
 */
export function createDumpDeps(
  context: ActionContext,
  source: Source,
  connection: Connection,
  store: Store,
  directory: string,
): DumpDeps {
  return {
    source,
    store,
    beginUpload: request =>
      beginUpload(store, { ...request, remember: open => context.state.save(OPEN_UPLOAD, open) }),
    findPgDump: major => findPgDump(context, connection, directory, major),
    now: () => new Date(),
    log: context.log,
  }
}

/** Whether the main phase was killed before it could clean up its upload. */
export function hasOpenUpload({ state }: ActionContext): boolean {
  return (state.read(OPEN_UPLOAD) ?? null) !== null
}

/** A completion without an answer takes effect within this time, or never. */
const LATE_EFFECT_MS = 10_000
const LOOK_EVERY_MS = 2000

const openUpload = d.object({
  key: d.string,
  uploadId: d.nullable(d.string),
  isCompleting: d.optional(d.boolean),
})

/** Removes the upload, or the archive without a manifest, of a main phase that was stopped. */
export async function removeOpenUpload(
  context: Pick<ActionContext, 'state' | 'log'>,
  location: Location,
  store: Store,
): Promise<void> {
  const { key, uploadId, isCompleting } = openUpload(context.state.read(OPEN_UPLOAD), OPEN_UPLOAD)
  context.log.info(`The dump was stopped halfway; removing its upload of ${store.uri(key)}.`)
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

/** Who makes a backup or a record, as the runner tells it. */
export function describeRun({ run }: Environment): Manifest['run'] {
  const { repository, workflow, runId, runAttempt, commit } = run
  return { repository, workflow, runId, runAttempt, commit }
}

async function findPgDump(
  { environment }: ActionContext,
  connection: Connection,
  directory: string,
  serverMajor: number,
): Promise<PgDump> {
  const { variables } = environment
  const path = variables.PATH ?? ''
  const tool =
    (await findTool('pg_dump', { path, atLeastMajor: serverMajor })) ?? (await findTool('pg_dump', { path }))
  if (tool === undefined) {
    throw new OperatorError('TOOL_MISSING', 'There is no pg_dump on the PATH.', {
      hint: 'Run setup-pg18 before this step.',
    })
  }
  const env = await connectionEnvironment(connection, directory, variables)
  return { version: tool.version, start: args => startDump({ path: tool.path, args, env, directory }) }
}
