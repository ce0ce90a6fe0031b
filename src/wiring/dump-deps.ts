import type { Manifest } from '../core/backup/manifest.ts'
import { OperatorError } from '../core/errors.ts'
import type { Connection } from '../core/pg/connection.ts'
import { findTool } from '../postgres/client-tools/find-tool.ts'
import { connectionEnvironment } from '../postgres/client-tools/passfile.ts'
import { startDump } from '../postgres/client-tools/pg-dump.ts'
import type { Source } from '../postgres/source/source.ts'
import type { ActionContext } from '../runner/action.ts'
import type { Environment } from '../runner/environment.ts'
import type { DumpDeps, PgDump } from '../steps/dump/request.ts'
import { beginUpload } from '../storage/multipart/upload.ts'
import type { Store } from '../storage/store.ts'
import { rememberUploads } from './open-uploads.ts'

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
    beginUpload: request => beginUpload(store, rememberUploads(request, context.state)),
    findPgDump: major => findPgDump(context, connection, directory, major),
    now: () => new Date(),
    log: context.log,
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
