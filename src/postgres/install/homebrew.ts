import { join } from 'node:path'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { renderVersion, renderWanted, satisfies } from '../../core/pg/version.ts'
import { type CommandOutput, runCommand } from '../client-tools/run-command.ts'
import { toolEnvironment } from '../client-tools/run-tool.ts'
import type { Installation, InstallRequest } from './installation.ts'
import { proveTools } from './prove-tools.ts'

/**
 * The keg of `postgresql@18`, installed if it is not there. Its formula has client and server, with zstd and
 * ICU (the formula `libpq` has neither). It is keg-only, so nothing else on the machine changes.
 */
export async function installFromHomebrew(
  wish: InstallRequest,
  variables: Readonly<Record<string, string | undefined>>,
  log: Log,
  signal: AbortSignal,
): Promise<Installation> {
  const formula = `postgresql@${wish.version.major}`
  const env = homebrewEnvironment(variables)
  const brew = (...args: string[]) => runBrew(args, env, signal)
  const { stdout } = await brew('--prefix', formula)
  const binDir = join(stdout.trim(), 'bin')
  // --prefix answers for formulas that are not installed, too.
  const installed = (await runBrew(['list', '--versions', formula], env, signal, [0, 1])).exitCode === 0
  if (!installed) {
    log.info(`Homebrew: installing ${formula}`)
    await brew('install', '--formula', formula)
  }
  const version = await proveTools(binDir, wish.components, toolEnvironment(variables))
  if (!satisfies(version, wish.version)) {
    throw new OperatorError(
      'INSTALL_NOT_FOUND',
      `Homebrew has ${formula} at ${renderVersion(version)}, not at ${renderWanted(wish.version)}`,
      { hint: `Set version: "${wish.version.major}": Homebrew keeps only the newest release of a formula.` },
    )
  }
  log.info(`Homebrew: ${formula} ${renderVersion(version)} in ${binDir}, works`)
  return { version, binDir, source: 'homebrew', origin: `Homebrew's ${formula}`, cacheHit: false }
}

async function runBrew(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
  accepted: readonly number[] = [0],
): Promise<CommandOutput> {
  const command = `brew ${args.join(' ')}`
  let output: CommandOutput
  try {
    output = await runCommand('brew', args, { env, signal })
  } catch (error) {
    signal.throwIfAborted()
    throw new OperatorError('UNSUPPORTED_PLATFORM', `${command} could not be run: ${errorMessage(error)}`, {
      hint: 'Put Homebrew on the PATH, or set source: auto.',
      cause: error,
    })
  }
  if (accepted.includes(output.exitCode)) return output
  const said = output.stderr.trim().split('\n').slice(-5).join(' | ')
  const unreachable = /curl:|Failed to download|Could not resolve|Failed to connect/.test(output.stderr)
  throw new OperatorError(
    unreachable ? 'INSTALL_UNREACHABLE' : 'INSTALL_FAILED',
    `${command} ended with ${output.exitCode}: ${said}`,
    { hint: 'Run the same command on the runner to see more.' },
  )
}

/** Homebrew's own settings pass; an update of the whole tap does not belong into the job of a backup. */
function homebrewEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const own = Object.entries(variables).flatMap(([name, value]) =>
    name.startsWith('HOMEBREW_') && value !== undefined ? [[name, value] as const] : [],
  )
  return toolEnvironment(variables, {
    ...Object.fromEntries(own),
    HOMEBREW_NO_AUTO_UPDATE: '1',
    HOMEBREW_NO_INSTALL_CLEANUP: '1',
    HOMEBREW_NO_ENV_HINTS: '1',
  })
}
