import { dirname, join } from 'node:path'
import { errorMessage, OperatorError } from '../../../core/errors.ts'
import type { Log } from '../../../core/log.ts'
import { isBelowSecurityFloor, renderVersion, renderWanted, satisfies } from '../../../core/pg/version.ts'
import { renderBytes } from '../../../core/text/bytes.ts'
import { renderDuration } from '../../../core/text/duration.ts'
import { toolEnvironment } from '../../client-tools/run-tool.ts'
import type { CacheEntry } from '../cache-entry.ts'
import { readFreeBytes, requireSpace } from '../disk-space.ts'
import type { Installation, InstallRequest } from '../installation.ts'
import { proveTools } from '../prove-tools.ts'
import type { ToolCache } from '../tool-cache.ts'
import { aptEnvironment } from './apt-config.ts'
import type { AptOrigin } from './apt-origin.ts'
import { BIN_PATH, wrapTools } from './loader-wrappers.ts'
import { keepPostgres, type Resolved, resolvePackages } from './postgres-packages.ts'
import { debianArchitecture, type Package, PrivateApt } from './private-apt.ts'
import { unpackDebs } from './unpack-deb.ts'

export interface AptRequest {
  readonly wish: InstallRequest
  /** Best first. */
  readonly origins: readonly AptOrigin[]
  readonly cache: ToolCache
  /** For apt's state; about 250 MB, removed by the caller. */
  readonly workDir: string
  readonly variables: Readonly<Record<string, string | undefined>>
  /** As Node names it. */
  readonly arch: string
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly log: Log
  readonly signal: AbortSignal
  /** Free bytes where a directory is; tests inject a full disk. */
  readonly readFree?: (directory: string) => Promise<number>
}

const DAY_MS = 86_400_000

/**
 * Whether a cached entry satisfies the request without the network. A release named exactly always does. `18`
 * means the newest 18, so an entry is looked up again after a week: PostgreSQL releases every three months.
 * Daily where it is below the security floor; where the floor is strict such an entry does not count.
 */
export function isFresh(
  entry: Pick<CacheEntry, 'version' | 'confirmedAt'>,
  wish: InstallRequest,
  now: number,
): boolean {
  if (wish.version.minor !== undefined) return true
  const below = wish.securityFloor !== 'off' && isBelowSecurityFloor(entry.version)
  if (below && wish.securityFloor === 'fail') return false
  const age = now - entry.confirmedAt
  return age >= 0 && age < (below ? DAY_MS : 7 * DAY_MS)
}

/**
 * Tools from packages in a private root: from the tool cache, or from the first origin that has them. When no
 * origin can be reached, an older cached entry is better than no backup; a warning says so.
 */
export async function installFromApt(request: AptRequest): Promise<Installation> {
  const { wish, now, log } = request
  const cached = await findCached(request)
  const fresh = cached.find(entry => isFresh(entry, wish, now))
  if (fresh !== undefined) {
    log.info(`Tool cache: ${renderVersion(fresh.version)} of ${fresh.origin}, works`)
    return toInstallation(request, fresh, true)
  }
  log.info(cached.length === 0 ? 'Tool cache: nothing that fits' : 'Tool cache: looking for something newer')
  try {
    return await installFromOrigins(request)
  } catch (error) {
    const strict = wish.securityFloor === 'fail'
    const stale = cached.find(entry => !strict || !isBelowSecurityFloor(entry.version))
    if (stale === undefined || !isUnreachable(error)) throw error
    log.warning(
      `${errorMessage(error)}. Using PostgreSQL ${renderVersion(stale.version)} from the tool cache, ` +
        `which was the newest on ${new Date(stale.confirmedAt).toISOString().slice(0, 10)}.`,
    )
    return toInstallation(request, stale, true)
  }
}

/** Entries that fit and work, newest first; others are evicted. */
async function findCached(request: AptRequest): Promise<readonly CacheEntry[]> {
  const { wish, origins, cache, arch, variables, log } = request
  const working: CacheEntry[] = []
  for (const entry of await cache.entries(arch)) {
    if (!satisfies(entry.version, wish.version)) continue
    if (!origins.some(({ id }) => id === entry.origin)) continue
    if (!wish.components.every(component => entry.components.includes(component))) continue
    if (!wish.extensions.every(extension => entry.extensions.includes(extension))) continue
    try {
      await proveTools(join(entry.directory, BIN_PATH), wish.components, toolEnvironment(variables))
      working.push(entry)
    } catch (error) {
      log.info(`Tool cache: ${entry.directory} does not work and is not used: ${errorMessage(error)}`)
      await cache.evict(entry.directory, request.now)
    }
  }
  return working
}

/**
 * Only what may be different elsewhere leads on to the next origin; a bad signature or a full disk ends it.
 */
async function installFromOrigins(request: AptRequest): Promise<Installation> {
  const { origins, wish, log } = request
  const failures: OperatorError[] = []
  for (const origin of origins) {
    // PGDG runs both: where one cannot be reached, the other cannot either.
    if (origin.id.startsWith('pgdg-archive') && failures.some(isUnreachable)) continue
    try {
      return await installFromOrigin(request, origin)
    } catch (error) {
      if (!(error instanceof OperatorError) || !(isUnreachable(error) || error.code === 'INSTALL_NOT_FOUND'))
        throw error
      log.info(error.message)
      failures.push(error)
    }
  }
  const [first] = failures
  if (first === undefined || failures.length === 1) throw first ?? new Error('there is no origin')
  const list = failures.map(failure => `- ${failure.message}`).join('\n')
  throw new OperatorError(
    first.code,
    `No package source gave PostgreSQL ${renderWanted(wish.version)}:\n${list}`,
    { hint: first.hint ?? '', cause: first },
  )
}

function isUnreachable(error: unknown): boolean {
  return error instanceof OperatorError && error.code === 'INSTALL_UNREACHABLE'
}

async function installFromOrigin(request: AptRequest, origin: AptOrigin): Promise<Installation> {
  const { wish, cache, variables, arch, now, log, signal } = request
  const architecture = debianArchitecture(arch)
  const directory = join(request.workDir, origin.id)
  const started = performance.now()
  const source = await origin.readSource()
  await using apt = await PrivateApt.create({ directory, source, env: variables, architecture, signal })
  await apt.update()
  const resolved = await resolvePackages(apt, origin, wish)
  log.info(`${origin.name}: ${resolved.packages.join(' ')}`)
  const known = (await findCached(request)).find(
    entry => entry.origin === origin.id && satisfies(entry.version, resolved.version),
  )
  if (known !== undefined) {
    await cache.confirm(known, now)
    log.info(`Tool cache: ${renderVersion(known.version)} is still the newest, works`)
    return toInstallation(request, known, true)
  }
  if ((await apt.versions('libc6')).length === 0) {
    await apt.addSource(await origin.readBase())
    await apt.update()
  }
  const closure = (await apt.closure(resolved.packages)).filter(({ name }) => keepPostgres(name))
  const entry = await unpack(request, origin, apt, resolved, closure)
  log.info(`Unpacked ${closure.length} packages in ${renderDuration(performance.now() - started)}`)
  return toInstallation(request, entry, false)
}

async function unpack(
  request: AptRequest,
  origin: AptOrigin,
  apt: PrivateApt,
  resolved: Resolved,
  closure: readonly Package[],
): Promise<CacheEntry> {
  const { wish, cache, variables, arch, now, log, signal, readFree = readFreeBytes } = request
  const installed = await apt.installedBytes(closure)
  const downloads = closure.reduce((sum, { bytes }) => sum + bytes, 0)
  log.info(
    `${closure.length} packages, ${renderBytes(downloads)} to download, ${renderBytes(installed)} unpacked`,
  )
  const facts = {
    version: resolved.version,
    origin: origin.id,
    components: wish.components,
    extensions: wish.extensions,
    arch,
    packages: closure.map(({ name, version }) => `${name}=${version}`),
  }
  const build = async (directory: string) => {
    requireSpace(dirname(directory), installed + downloads, await readFree(directory))
    const files = await apt.download(closure)
    await unpackDebs(directory, files, aptEnvironment(variables), signal)
    const bin = await wrapTools(directory)
    await proveTools(bin, wish.components, toolEnvironment(variables))
  }
  return await cache.add(facts, now, build)
}

function toInstallation(request: AptRequest, entry: CacheEntry, cacheHit: boolean): Installation {
  const origin = request.origins.find(({ id }) => id === entry.origin)?.name ?? entry.origin
  return {
    version: entry.version,
    binDir: join(entry.directory, BIN_PATH),
    source: 'apt',
    origin,
    cacheHit,
  }
}
