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
import type { DumpTools, PgDump } from '../steps/dump/dump.ts'
import { abortUpload } from '../storage/multipart/abort-upload.ts'
import { beginUpload, removeOurs } from '../storage/multipart/upload.ts'
import type { Store } from '../storage/store.ts'

/** Under this name the post phase finds the upload that a killed main phase left open. */
const OPEN_UPLOAD = 'open-upload'

/** What the dump step needs, from a context and the two ends of the dump. `directory` is private and removed afterwards. */
export function createDumpTools(
  context: ActionContext,
  source: Source,
  connection: Connection,
  store: Store,
  directory: string,
): DumpTools {
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

/** Removes the upload, or the archive without a manifest, of a main phase that was killed. */
export async function removeOpenUpload(
  context: ActionContext,
  location: Location,
  store: Store,
): Promise<void> {
  const open = context.state.read(OPEN_UPLOAD)
  const { key, uploadId } = d.object({ key: d.string, uploadId: d.string })(open, OPEN_UPLOAD)
  context.log.info(`The dump was stopped half way; removing its upload of ${store.uri(key)}.`)
  // Harmless when the upload was completed: then only the manifest decides whether the archive stays.
  await abortUpload(store, { key, uploadId })
  const backupId = key.replace(/^.*\/|\.\w+$/g, '')
  if (await lacksManifest(store, manifestKey(location, parseBackupId(backupId))))
    await removeOurs(store, key, backupId)
}

/** Credentials that may not look cannot tell; then the archive stays, which without a manifest is no backup. */
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
