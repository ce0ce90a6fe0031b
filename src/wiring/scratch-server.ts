import { dirname } from 'node:path'
import type { Manifest } from '../core/backup/manifest.ts'
import { scratchNeeds } from '../core/drill/scratch-needs.ts'
import { errorMessage, OperatorError } from '../core/errors.ts'
import * as d from '../core/json/decode.ts'
import type { Connection } from '../core/pg/connection.ts'
import { parseVersion, renderVersion } from '../core/pg/version.ts'
import { MIB } from '../core/text/bytes.ts'
import { type Cluster, clusterDirectory, startCluster } from '../postgres/scratch/cluster.ts'
import {
  createScratchDatabase,
  dropScratchDatabase,
  renderScratchDrop,
  type ScratchDatabase,
} from '../postgres/scratch/database.ts'
import { stopLeftCluster } from '../postgres/scratch/left-cluster.ts'
import { prepareForPartial } from '../postgres/target/prepare-partial.ts'
import type { ActionContext } from '../runner/action.ts'
import { maskSecret } from '../runner/secrets.ts'
import { requireTool } from './require-tool.ts'

/** Under these names the post phase finds what a killed main phase left behind. */
const CLUSTER = 'cluster'
const SCRATCH_DATABASE = 'scratch-database'

/** What a new server takes before anything is restored into it: template databases, first WAL files. */
export const SERVER_BYTES = 64 * MIB

interface ScratchSetting {
  readonly signal: AbortSignal
  /** A server to restore on; undefined makes one of our own. */
  readonly scratch: Connection | undefined
  /** Sessions that restore side by side. */
  readonly jobs: number
}

/** A database on the given server, or on one of our own that is made now and stops with it. */
export async function openScratch(
  context: ActionContext,
  setting: ScratchSetting,
  manifest: Manifest,
): Promise<ScratchDatabase> {
  const { signal, scratch: given } = setting
  const like = scratchNeeds(manifest)
  await using stack = new AsyncDisposableStack()
  const server = given ?? stack.use(await startOwnServer(context, setting, like))
  const remember = (name: string) => context.state.save(SCRATCH_DATABASE, name)
  const database = stack.use(
    await namingInput('scratch-url', () => createScratchDatabase({ server, like, signal, remember })),
  )
  await prepareForPartial(manifest, database.connection, { signal, log: context.log })
  const kept = stack.move()
  return { ...database, [Symbol.asyncDispose]: () => cleanUp(context, kept) }
}

/** What could not be removed is left to the post phase: it must not undo what the drill found. */
async function cleanUp({ state, log }: ActionContext, kept: AsyncDisposableStack): Promise<void> {
  try {
    await kept.disposeAsync()
    for (const name of [CLUSTER, SCRATCH_DATABASE]) state.save(name, null)
  } catch (error) {
    log.info(`Clean-up is not complete; the post step tries again: ${errorMessage(error)}`)
  }
}

async function startOwnServer(
  context: ActionContext,
  { signal, jobs }: ScratchSetting,
  like: Manifest['server'],
): Promise<Cluster> {
  const { path, version } = await requireTool(context, 'initdb', parseVersion(like.version).major)
  const { path: wanted } = await context.createTempDir()
  const directory = await clusterDirectory(wanted)
  const cluster = await startCluster({
    binDir: dirname(path),
    major: version.major,
    directory,
    jobs,
    neededBytes: like.databaseBytes + SERVER_BYTES,
    variables: context.environment.variables,
    signal,
    remember: place => context.state.save(CLUSTER, place),
  })
  const { password, port } = cluster.connection
  if (password !== undefined) maskSecret(password.reveal())
  context.log.info(`Scratch server: PostgreSQL ${renderVersion(version)} of our own on port ${port}.`)
  return cluster
}

/** Stops the server of our own that a killed main phase left running. */
export async function stopLeftServer({ state }: ActionContext): Promise<void> {
  const cluster = state.read(CLUSTER)
  if (cluster)
    await stopLeftCluster(
      d.object({ directory: d.string, pid: d.nullable(d.nonNegativeInt) })(cluster, CLUSTER),
    )
}

/**
 * Drops the database that a killed main phase left on a given server; `readServer` is asked only when there
 * is one.
 */
export async function dropLeftDatabase(
  { state }: ActionContext,
  readServer: () => Connection | undefined,
): Promise<void> {
  const name = state.read(SCRATCH_DATABASE)
  const server = typeof name === 'string' ? readServer() : undefined
  if (server === undefined || typeof name !== 'string') return
  try {
    await dropScratchDatabase(server, name)
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    throw error.withContext({
      before: 'The drill left a copy of the data behind',
      hint: () => `Drop it by hand when the server is back: ${renderScratchDrop(name)}`,
    })
  }
}

/** Connection errors name database-url, where most connections come from. */
async function namingInput<T>(input: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof OperatorError) || !error.code.startsWith('DATABASE_')) throw error
    throw error.withContext({ before: input, hint: hint => hint.replaceAll('database-url', input) })
  }
}
