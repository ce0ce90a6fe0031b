import { access, constants, mkdir, mkdtemp } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { OperatorError } from '../../core/errors.ts'
import { compareVersions, renderVersion, renderWanted } from '../../core/pg/version.ts'
import { findTool } from '../../postgres/client-tools/find-tool.ts'
import { toolEnvironment } from '../../postgres/client-tools/run-tool.ts'
import { installFromApt } from '../../postgres/install/apt/apt-installation.ts'
import { type AptOrigin, givenOrigin, listOrigins } from '../../postgres/install/apt/apt-origin.ts'
import { installFromHomebrew } from '../../postgres/install/homebrew.ts'
import { findOrFetch } from '../../postgres/install/install.ts'
import type { Installation } from '../../postgres/install/installation.ts'
import { readVersionOnPath } from '../../postgres/install/prove-tools.ts'
import { findSystemInstallation } from '../../postgres/install/system-installation.ts'
import { CACHED_TOOL, ToolCache } from '../../postgres/install/tool-cache.ts'
import { findUntrustedParent } from '../../postgres/install/untrusted-path.ts'
import type { Action, ActionContext } from '../../runner/action.ts'
import { readInputs, type SetupInputs } from './inputs.ts'
import { checkSecurityFloor } from './security-floor.ts'

export const setupPg18: Action = {
  async main(context) {
    const inputs = readInputs(context.inputs)
    refuseWindows(context)
    const parts = [...inputs.components, ...inputs.extensions].join(', ')
    const wanted = `PostgreSQL ${renderWanted(inputs.version)} (${parts})`
    const found = await context.log.group(`Looking for ${wanted}`, () => install(inputs, context))
    checkSecurityFloor(found, inputs.securityFloor, context.log)
    const isThere = await isOnPath(found, context)
    if (!isThere) {
      await proveOnPath(found, context)
      context.addPath(found.binDir)
    }
    const version = renderVersion(found.version)
    const place = isThere ? 'is what the PATH has already' : 'is first on the PATH'
    context.log.info(`PostgreSQL ${version} from ${found.origin} ${place}: ${found.binDir}`)
    return {
      outputs: { version, 'bin-dir': found.binDir, source: found.source, 'cache-hit': found.cacheHit },
    }
  },
}

/** Installs from the source that was asked for. */
async function install(inputs: SetupInputs, context: ActionContext): Promise<Installation> {
  const { log, signal } = context
  const { variables, platform } = context.environment
  // What else is installed on the machine cannot be seen, so extensions come with a server of our own.
  const find = async () =>
    inputs.extensions.length > 0 ? undefined : findSystemInstallation(inputs, variables, log)
  const fromHomebrew = () => installFromHomebrew(inputs, variables, log, signal)
  const fromApt = () => fetchFromApt(inputs, context)
  if (inputs.source === 'homebrew') return fromHomebrew()
  if (inputs.source === 'apt') return fromApt()
  if (inputs.source === 'system') return (await find()) ?? missing(inputs)
  return findOrFetch(
    inputs,
    { find, fetch: platform === 'darwin' && inputs.extensions.length === 0 ? fromHomebrew : fromApt },
    log,
  )
}

async function fetchFromApt(inputs: SetupInputs, context: ActionContext): Promise<Installation> {
  const { environment, log, signal } = context
  const { variables, arch } = environment
  await using workDir = await context.createTempDir()
  // await: the directory goes when this function returns.
  return await installFromApt({
    wish: inputs,
    origins: await origins(inputs, context),
    cache: await openCache(inputs, context),
    workDir: workDir.path,
    variables,
    arch,
    now: Date.now(),
    log,
    signal,
  })
}

async function origins(inputs: SetupInputs, context: ActionContext): Promise<readonly AptOrigin[]> {
  const { variables, platform } = context.environment
  if (platform !== 'linux') throw unsupported(`apt does not exist on ${platform}`)
  return inputs.aptSource === undefined ? listOrigins(variables) : [givenOrigin(inputs.aptSource, variables)]
}

/** Without the cache the tools stay in the runner's temporary directory until the job ends. */
async function openCache(inputs: SetupInputs, context: ActionContext): Promise<ToolCache> {
  const { variables, tempRoot } = context.environment
  const toolCache = variables.RUNNER_TOOL_CACHE
  const root = toolCache && join(toolCache, CACHED_TOOL)
  const obstacle = root ? await findObstacle(root) : 'RUNNER_TOOL_CACHE is not set'
  if (inputs.cache && toolCache && obstacle === undefined) return ToolCache.ofRunner(toolCache)
  if (inputs.cache) context.log.info(`Tool cache: not used, ${obstacle}`)
  return ToolCache.forThisJob(await mkdtemp(join(tempRoot, `${CACHED_TOOL}-`)))
}

/** Why the cache cannot be used: a program in it could be replaced by another user. */
async function findObstacle(root: string): Promise<string | undefined> {
  if (!(await isWritable(root))) return `${root} cannot be written`
  return await findUntrustedParent(join(root, 'entry'))
}

async function isWritable(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { recursive: true })
    await access(directory, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Whether the PATH already leads there. Then it stays: the directory may be /usr/bin, which put first would
 * hide the job's other tools.
 */
async function isOnPath(found: Installation, { environment }: ActionContext): Promise<boolean> {
  const { PATH = '' } = environment.variables
  if (!PATH.split(delimiter).includes(found.binDir)) return false
  const tool = await findTool('pg_dump', { path: PATH })
  return tool !== undefined && dirname(tool.path) === found.binDir
}

/** What counts is what the next step gets when it says pg_dump. */
async function proveOnPath(found: Installation, context: ActionContext): Promise<void> {
  const { variables } = context.environment
  const path = [found.binDir, variables.PATH].filter(Boolean).join(delimiter)
  const version = await readVersionOnPath(toolEnvironment({ ...variables, PATH: path }))
  if (compareVersions(version, found.version) === 0) return
  throw new OperatorError(
    'INSTALL_FAILED',
    `pg_dump on the PATH is ${renderVersion(version)}, although ${found.binDir} comes first and has ${renderVersion(found.version)}`,
  )
}

function missing(inputs: SetupInputs): never {
  throw new OperatorError(
    'TOOL_MISSING',
    `PostgreSQL ${renderWanted(inputs.version)} (${inputs.components.join(', ')}) is not installed on this machine; the log says what was found`,
    { hint: 'Install it on the runner, or set source: auto to have it installed apart from the system.' },
  )
}

function refuseWindows(context: ActionContext): void {
  if (context.environment.platform === 'win32') throw unsupported('Windows is not supported')
}

function unsupported(message: string): OperatorError {
  return new OperatorError('UNSUPPORTED_PLATFORM', message, {
    hint: 'Run this job on Linux (Debian or Ubuntu, x64 or arm64) or on macOS with Homebrew.',
  })
}
