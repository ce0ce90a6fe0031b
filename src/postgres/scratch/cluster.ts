import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, open, readFile, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { Secret } from '../../core/secret.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import { readSystemIdentifier } from '../catalog/database-identity.ts'
import { openSession } from '../session/session.ts'
import { clusterSettings } from './cluster-settings.ts'
import { confine, serverEnvironment, serverUser } from './confine.ts'
import { initialiseCluster, scratchError } from './initdb.ts'
import { CLUSTER_PREFIX, type ClusterPlace, removeCluster, sweepDeadClusters } from './left-cluster.ts'
import { describeEnd, hasEnded, stopServer } from './server-process.ts'

const START_TIMEOUT_MS = 60_000
const END_GRACE_MS = 2000
/** A port that was free may be taken before the server has it. */
const START_ATTEMPTS = 3

interface ClusterOptions {
  /** Where initdb and postgres are, and of which major they are. */
  readonly binDir: string
  readonly major: number
  /** From clusterDirectory; removed afterwards. */
  readonly directory: string
  /** Sessions that restore side by side. */
  readonly jobs: number
  /** What has to be free there. */
  readonly neededBytes: number
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** Told where the server lives, before there is anything to clean up, and again when it runs. */
  readonly remember: (place: ClusterPlace) => void
}

/** A server of our own that has nothing to lose. Disposing stops it and removes its files. */
export interface Cluster extends AsyncDisposable {
  /** As its superuser. */
  readonly connection: Connection
  /** Why the server ended or is about to, in its own words; the empty text while it runs. */
  lastWords(): Promise<string>
}

/**
 * A directory in which a server can live: the one given, which must be private and named pg-runbook-…. As
 * root, if the user `nobody` cannot reach that one, a new one in the system's temporary directory.
 */
export async function clusterDirectory(wanted: string): Promise<string> {
  if (process.getuid?.() !== 0) return wanted
  await sweepDeadClusters(tmpdir())
  const directory = (await othersMayPass(dirname(wanted)))
    ? wanted
    : await mkdtemp(join(tmpdir(), CLUSTER_PREFIX))
  // The user `nobody` may enter it, but not list it.
  await chmod(directory, 0o711)
  return directory
}

/**
 * Makes and starts a PostgreSQL server on a free port of the loopback interface, with a random password. As
 * root it runs as the user `nobody`. Ready means that an authenticated query was answered: pg_isready is
 * satisfied with less. Throws SCRATCH_FAILED, with the server's own last words.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { directory, remember, signal } = options
  remember({ directory, pid: null })
  try {
    await requireSpace(options)
    const password = randomBytes(24).toString('hex')
    await initialiseCluster(options, password)
    for (let attempt = 1; ; attempt += 1) {
      const server = await startServer(options, await freePort(), password)
      const failure = (await waitUntilReady(server, signal)) ?? (await findImpostor(server, directory))
      if (failure === undefined) return server
      await stopServer(server.process)
      if (signal.aborted) throw signal.reason
      const words = (await server.lastWords()) || errorMessage(failure)
      if (attempt === START_ATTEMPTS || !/Address already in use/.test(words))
        throw scratchError(`The scratch server did not start: ${words}.`, failure)
    }
  } catch (error) {
    await removeCluster(directory)
    throw error
  }
}

async function requireSpace({ directory, neededBytes }: ClusterOptions): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  if (bavail * bsize >= neededBytes) return
  throw new OperatorError(
    'DISK_FULL',
    `The scratch server needs about ${renderBytes(neededBytes)}, but only ${renderBytes(bavail * bsize)} are free at ${directory}.`,
    { hint: 'Use a machine with a larger disk, or set RUNNER_TEMP to one.' },
  )
}

async function othersMayPass(path: string): Promise<boolean> {
  if (((await stat(path)).mode & 0o001) === 0) return false
  return path === dirname(path) || (await othersMayPass(dirname(path)))
}

interface Server extends Cluster {
  readonly process: ChildProcess
}

async function startServer(
  { binDir, major, directory, jobs, variables, remember }: ClusterOptions,
  port: number,
  password: string,
): Promise<Server> {
  const data = join(directory, 'data')
  const logFile = join(directory, 'server.log')
  await using log = await open(logFile, 'w', 0o600)
  const [command, ...args] = await confine([
    join(binDir, 'postgres'),
    '-D',
    data,
    ...clusterSettings(port, major, jobs),
  ])
  const server = spawn(command, args, {
    ...serverUser(),
    // From the first moment on, so that a search for its processes finds it.
    cwd: data,
    env: serverEnvironment(variables),
    stdio: ['ignore', log.fd, log.fd],
  })
  const ended = new Promise(resolve => {
    server.once('exit', resolve)
    server.once('error', resolve)
  })
  if (server.pid !== undefined) remember({ directory, pid: server.pid })
  return {
    process: server,
    connection: toConnection(port, password),
    async lastWords() {
      // After a crash it ends its other processes before itself.
      await Promise.race([ended, sleep(END_GRACE_MS)])
      return hasEnded(server) ? describeEnd(server, await readFile(logFile, 'utf8')) : ''
    },
    async [Symbol.asyncDispose]() {
      await stopServer(server)
      await removeCluster(directory)
    },
  }
}

/** Undefined when it is ready, else why it is not. */
async function waitUntilReady(
  { process: server, connection }: Server,
  signal: AbortSignal,
): Promise<unknown> {
  const deadline = performance.now() + START_TIMEOUT_MS
  for (;;) {
    if (signal.aborted) return signal.reason
    if (hasEnded(server)) return new Error('it ended at once')
    try {
      await using _session = await openSession(connection)
      return undefined
    } catch (error) {
      if (performance.now() > deadline) return error
      await sleep(50)
    }
  }
}

/**
 * Undefined where the server that answered is the one that was started: another user of the machine may
 * have taken the port between our look at it and our server's. SCRAM proves that it knows the password, its
 * identifier and a living process that it is ours.
 */
async function findImpostor(
  { process: server, connection }: Server,
  directory: string,
): Promise<Error | undefined> {
  await using session = await openSession(connection)
  const answered = await readSystemIdentifier(session)
  const control = await readFile(join(directory, 'data', 'global', 'pg_control'))
  // The first field of ControlFileData, in the byte order of the machine.
  const ours = control.readBigUInt64LE(0).toString()
  if (answered === ours && !hasEnded(server)) return undefined
  return new Error(`another server answers on port ${connection.port}`)
}

function toConnection(port: number, password: string): Connection {
  return {
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: new Secret(password),
    database: 'postgres',
    sslMode: 'disable',
    sslRootCert: undefined,
    sslCert: undefined,
    sslKey: undefined,
    channelBinding: undefined,
    requireAuth: 'scram-sha-256',
    options: undefined,
    connectTimeoutSeconds: 10,
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = address !== null && typeof address === 'object' ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
