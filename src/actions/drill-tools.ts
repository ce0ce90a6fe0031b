import { dirname, join } from 'node:path'
import { MIB } from '../core/bytes.ts'
import type { Check } from '../core/check.ts'
import type { Connection } from '../core/connection.ts'
import type { Criterion, Measurement } from '../core/criteria.ts'
import { errorMessage, OperatorError } from '../core/errors.ts'
import type { Manifest } from '../core/manifest.ts'
import { statementsBefore } from '../core/partial-backup.ts'
import { parseVersion, renderVersion } from '../core/postgres-version.ts'
import { nullable, object, text, whole } from '../core/shape.ts'
import { checkWithAmcheck } from '../postgres/amcheck.ts'
import { measure } from '../postgres/criteria-query.ts'
import { readFreeBytes } from '../postgres/install/disk-space.ts'
import { findTool, type Tool, type ToolName } from '../postgres/install/find-tool.ts'
import { connectionEnvironment } from '../postgres/passfile.ts'
import { startRestore } from '../postgres/pg-restore.ts'
import { readRestoredContent } from '../postgres/restored.ts'
import { type Cluster, clusterDirectory, startCluster } from '../postgres/scratch/cluster.ts'
import {
  createScratchDatabase,
  dropScratchDatabase,
  type ScratchDatabase,
} from '../postgres/scratch/database.ts'
import { stopLeftCluster } from '../postgres/scratch/left-cluster.ts'
import { openSession } from '../postgres/session.ts'
import { readStructureChecks } from '../postgres/structure.ts'
import type { ActionContext } from '../runner/action.ts'
import { maskSecret } from '../runner/inputs.ts'
import type { DrillTools } from '../steps/drill.ts'
import { reportProgress } from '../steps/progress.ts'
import { downloadArchive } from '../storage/download.ts'
import type { Store } from '../storage/store.ts'

/** Under these names the post phase finds what a killed main phase left behind. */
const CLUSTER = 'cluster'
const SCRATCH_DATABASE = 'scratch-database'

/** What a new server takes before anything is restored into it: template databases, first WAL files. */
const SERVER_BYTES = 64 * MIB

/** A copy that is thrown away subscribes to nothing: a database with a subscription cannot even be dropped. */
const DRILL_ONLY = ['--no-subscriptions']

export interface DrillSetting {
  readonly store: Store
  readonly signal: AbortSignal
  /** Private, and removed afterwards. */
  readonly directory: string
  /** A server to restore on; undefined makes one of our own. */
  readonly scratch: Connection | undefined
  /** A live database to compare criteria with. */
  readonly live: Connection | undefined
  readonly jobs: number
  /** Whether pg_amcheck reads every page. */
  readonly amcheck: boolean
}

/** What the drill step needs, all but the smoke command. Throws TOOL_MISSING without a pg_restore that can read the archive. */
export async function createDrillTools(
  context: ActionContext,
  setting: DrillSetting,
  manifest: Manifest,
): Promise<Omit<DrillTools, 'smoke'>> {
  const { store, signal, directory, scratch, live, jobs, amcheck } = setting
  const { variables } = context.environment
  const pgRestore = await requireTool(context, 'pg_restore', parseVersion(manifest.archive.toolVersion).major)
  const pgAmcheck = amcheck ? await requireTool(context, 'pg_amcheck', pgRestore.version.major) : undefined
  const archivePath = join(directory, 'archive.dump')
  return {
    store,
    signal,
    log: context.log,
    now: () => new Date(),
    archivePath,
    disk: async () => ({
      freeBytes: await readFreeBytes(directory),
      databaseBytes: scratch === undefined ? manifest.server.bytes + SERVER_BYTES : 0,
    }),
    download: (archive, path, onBytes) => downloadArchive(store, archive, path, onBytes),
    pgRestore: pgRestore.version,
    openScratch: like => openScratch(context, setting, like),
    startRestore: async database => {
      await prepareForPartial(context, manifest, database.connection, signal)
      const env = await connectionEnvironment(database.connection, directory, variables)
      return startRestore({ path: pgRestore.path, archive: archivePath, jobs, env, args: DRILL_ONLY })
    },
    readContent: (database, level) => readRestoredContent(database.connection, level, signal),
    readStructure: async database => {
      await using session = await openSession(database.connection, signal)
      return await readStructureChecks(session)
    },
    checkPages: pgAmcheck && (database => checkPages(context, setting, pgAmcheck.path, database)),
    measureScratch: (database, criteria) => measureAll(database.connection, criteria, signal),
    measureLive: live && (criteria => measureLive(live, criteria, signal)),
  }
}

/** An extension that this server does not have may not be needed; if it is, pg_restore says so. */
async function prepareForPartial(
  { log }: ActionContext,
  manifest: Manifest,
  connection: Connection,
  signal: AbortSignal,
): Promise<void> {
  const statements = statementsBefore(manifest)
  if (statements.length === 0) return
  await using session = await openSession(connection, signal)
  for (const statement of statements)
    await session.rows(statement).catch(error => log.info(`  ${statement}: ${errorMessage(error)}`))
}

async function checkPages(
  { environment, log }: ActionContext,
  { directory, jobs, signal }: DrillSetting,
  path: string,
  { connection }: ScratchDatabase,
): Promise<Check> {
  const env = await connectionEnvironment(connection, directory, environment.variables)
  let table: string | undefined
  using _progress = reportProgress(
    log,
    () => new Date(),
    () => ({ bytes: undefined, table }),
  )
  const onProgress = (text: string) => {
    table = `pg_amcheck ${text}`
  }
  return await checkWithAmcheck({ path, env, jobs, signal, onProgress })
}

/** Stops the server of our own that a killed main phase left running. */
export async function stopLeftServer({ state }: ActionContext): Promise<void> {
  const cluster = state.read(CLUSTER)
  if (cluster) await stopLeftCluster(object({ directory: text, pid: nullable(whole) })(cluster, CLUSTER))
}

/** Drops the database that a killed main phase left on a given server; `readServer` is asked only when there is one. */
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
    throw new OperatorError(error.code, `The drill left a copy of the data behind: ${error.message}`, {
      hint: `Drop it by hand when the server is back: DROP DATABASE ${name} WITH (FORCE).`,
      cause: error,
    })
  }
}

/** A program of PostgreSQL of at least that major. Throws TOOL_MISSING. */
export async function requireTool(
  { environment }: ActionContext,
  name: ToolName,
  atLeastMajor: number,
): Promise<Tool> {
  const tool = await findTool(name, { path: environment.variables.PATH ?? '', atLeastMajor })
  if (tool !== undefined) return tool
  throw new OperatorError(
    'TOOL_MISSING',
    `There is no ${name} of PostgreSQL ${atLeastMajor} or newer on the PATH.`,
    {
      hint:
        name === 'initdb'
          ? 'Run setup-pg18 with components "client, server" before this step, or give a server by scratch-url.'
          : 'Run setup-pg18 before this step.',
    },
  )
}

/** A database on the given server, or on one of our own that is made now and stops with it. */
async function openScratch(
  context: ActionContext,
  setting: DrillSetting,
  like: Manifest['server'],
): Promise<ScratchDatabase> {
  const { signal, scratch: given } = setting
  await using stack = new AsyncDisposableStack()
  const server = given ?? stack.use(await startOwnServer(context, setting, like))
  const remember = (name: string) => context.state.save(SCRATCH_DATABASE, name)
  const database = stack.use(
    await namingInput('scratch-url', () => createScratchDatabase({ server, like, signal, remember })),
  )
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
  { signal }: DrillSetting,
  like: Manifest['server'],
): Promise<Cluster> {
  const { path, version } = await requireTool(context, 'initdb', parseVersion(like.version).major)
  const { path: wanted } = await context.createTempDir()
  const directory = await clusterDirectory(wanted)
  const cluster = await startCluster({
    binDir: dirname(path),
    major: version.major,
    directory,
    neededBytes: like.bytes + SERVER_BYTES,
    variables: context.environment.variables,
    signal,
    remember: place => context.state.save(CLUSTER, place),
  })
  const { password, port } = cluster.connection
  if (password !== undefined) maskSecret(password.reveal())
  context.log.info(`Scratch server: PostgreSQL ${renderVersion(version)} of our own on port ${port}.`)
  return cluster
}

/**
 * Only counts are compared with it: the operator's own queries do not run on a live database. One that does not answer leaves the
 * comparison open, and the rest of the drill stands.
 */
async function measureLive(
  live: Connection,
  criteria: readonly Criterion[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Measurement>> {
  const compared = criteria.filter(({ kind }) => kind === 'table')
  try {
    return await measureAll(live, compared, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof OperatorError)) throw error
    const message = error.message.replace(/\.$/, '')
    return new Map(compared.map(({ name }) => [name, { kind: 'error', message }]))
  }
}

async function measureAll(
  connection: Connection,
  criteria: readonly Criterion[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Measurement>> {
  await using session = await openSession(connection, signal)
  const measured = new Map<string, Measurement>()
  for (const criterion of criteria) measured.set(criterion.name, await measure(session, criterion))
  return measured
}

/** Connection errors speak of database-url, where most connections come from. */
async function namingInput<T>(input: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof OperatorError) || !error.code.startsWith('DATABASE_')) throw error
    throw new OperatorError(error.code, `${input}: ${error.message}`, {
      ...(error.hint !== undefined && { hint: error.hint.replaceAll('database-url', input) }),
      cause: error.cause,
    })
  }
}
