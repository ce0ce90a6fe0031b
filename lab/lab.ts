import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import type { Log } from '../src/core/log.ts'
import { BIN_PATH } from '../src/postgres/install/apt/loader-wrappers.ts'
import type { Lab, LabPostgres, LabS3 } from './addresses.ts'
import { LAB_KEYS, REGION, STRANGER_KEYS, startCeph } from './ceph.ts'
import { CEPH, POSTGRES_18, unpacked } from './debian-packages.ts'
import { type LabDirectories, openLabDirectories } from './directory.ts'
import { givenPostgres, givenS3 } from './external-services.ts'
import { withLock } from './lock.ts'
import { labLog } from './log.ts'
import { type PostgresFacts, startPostgres } from './postgres-server.ts'
import { ensureService, readRunning, type ServiceFacts, stopService } from './service.ts'
import { addHolder, keepLab, removeHolder, removeHolders } from './users.ts'

export type { Lab, LabPostgres, LabS3 } from './addresses.ts'

export interface LabOptions {
  /** Where it lives: see labDirectory. */
  readonly directory?: string
  /** Where the unpacked packages are, if not below `directory`. */
  readonly packages?: string
  readonly log?: Log
  /** Where services that are there already are named; the process's environment, if left out. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Longer than any start; a second caller waits for the first. */
const LOCK_TIMEOUT_MS = 10 * 60_000

/** Starts what does not run yet and takes what runs already. Two callers at once get the same lab. */
export async function labUp(options: LabOptions = {}): Promise<Lab> {
  const opened = await open(options)
  return await locked(opened, () => start(opened))
}

/**
 * As labUp, for as long as this process needs it: the last user stops the lab, unless `lab up` asked it to
 * stay.
 */
export async function borrowLab(options: LabOptions = {}): Promise<Lab & AsyncDisposable> {
  const opened = await open(options)
  const lab = await locked(opened, async () => {
    const found = await start(opened)
    await addHolder(opened.directory, process.pid)
    return found
  })
  const giveBack = () =>
    locked(opened, async () => {
      if (await removeHolder(opened.directory, process.pid)) await stopServices(opened)
    })
  return { ...lab, [Symbol.asyncDispose]: giveBack }
}

/** Starts the lab and lets it stay until `labDown`. */
export async function labKeep(options: LabOptions = {}): Promise<Lab> {
  const opened = await open(options)
  return await locked(opened, async () => {
    await keepLab(opened.directory)
    return await start(opened)
  })
}

/** Ends every process of the lab and removes all data. The unpacked packages stay, unless told otherwise. */
export async function labDown(
  options: LabOptions & { readonly removePackages?: boolean } = {},
): Promise<void> {
  const opened = await open(options)
  await locked(opened, async () => {
    await stopServices(opened)
    await removeHolders(opened.directory)
    if (options.removePackages) await rm(opened.packages, { recursive: true, force: true })
  })
}

export interface LabStatus {
  readonly directory: string
  /** Ports of the services that run. */
  readonly running: Readonly<Record<string, number>>
}

/** Says what runs, without starting anything. */
export async function labStatus(options: LabOptions = {}): Promise<LabStatus> {
  const { directory, services } = await open(options)
  const running: Record<string, number> = {}
  for (const name of await readdir(services)) {
    const facts = await readRunning(join(services, name))
    if (facts !== undefined) running[name] = facts.port
  }
  return { directory, running }
}

/** A lab whose directories are there. */
export interface OpenLab extends LabDirectories {
  readonly log: Log
  readonly env: Readonly<Record<string, string | undefined>>
}

export async function open({
  directory,
  packages,
  log = labLog,
  env = process.env,
}: LabOptions): Promise<OpenLab> {
  const directories = await openLabDirectories(directory)
  return { ...directories, ...(packages && { packages }), log, env }
}

/** Runs work while no other process starts or stops services. */
export function locked<T>(opened: OpenLab, work: () => Promise<T>): Promise<T> {
  return withLock(opened.directory, LOCK_TIMEOUT_MS, work)
}

async function start(opened: OpenLab): Promise<Lab> {
  const [postgres, s3] = await Promise.allSettled([startOwnPostgres(opened), startOwnS3(opened)])
  if (postgres.status === 'rejected') throw postgres.reason
  if (s3.status === 'rejected') throw s3.reason
  return { postgres: postgres.value, s3: s3.value }
}

async function stopServices({ services }: OpenLab): Promise<void> {
  for (const name of await readdir(services)) await stopService(join(services, name))
}

async function startOwnPostgres({ packages, services, log, env }: OpenLab): Promise<LabPostgres> {
  const binDir = join(await unpacked(packages, POSTGRES_18, log), BIN_PATH)
  const directory = join(services, 'postgres')
  const given = givenPostgres(binDir, env)
  const running = await readRunning<PostgresFacts>(directory)
  if (given !== undefined && given.port !== running?.port) return given
  const { port, password, caFile } = await ensureService(directory, context => startPostgres(context, binDir))
  return { origin: 'lab', host: '127.0.0.1', port, user: 'postgres', password, caFile, binDir }
}

async function startOwnS3({ packages, services, log, env }: OpenLab): Promise<LabS3> {
  const directory = join(services, 'ceph')
  const given = givenS3(env)
  const running = await readRunning(directory)
  if (given !== undefined && given.endpoint !== endpointOf(running)) return given
  const root = await unpacked(packages, CEPH, log)
  const facts = await ensureService(directory, context => startCeph(context, root))
  return { origin: 'lab', endpoint: endpointOf(facts), region: REGION, ...LAB_KEYS, stranger: STRANGER_KEYS }
}

function endpointOf(facts: ServiceFacts | undefined): string {
  return facts === undefined ? '' : `http://127.0.0.1:${facts.port}`
}
