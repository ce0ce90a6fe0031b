import { join } from 'node:path'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { compareVersions, type PostgresVersion, parseVersion, renderVersion } from '../../core/pg/version.ts'
import { type CommandOutput, runCommand } from '../client-tools/run-command.ts'
import type { Component } from './installation.ts'

const PROGRAMS: Readonly<Record<Component, readonly string[]>> = {
  client: ['pg_dump', 'pg_restore', 'psql'],
  server: ['postgres', 'initdb', 'pg_ctl'],
}

/**
 * Runs the tools in a directory and returns the version on which they agree. Throws INSTALL_FAILED when one
 * is missing, does not run, tells another version, or when pg_dump cannot write zstd.
 */
export async function proveTools(
  binDir: string,
  components: readonly Component[],
  env: Readonly<Record<string, string>>,
): Promise<PostgresVersion> {
  const names = ['client' as const, ...components.filter(component => component !== 'client')].flatMap(
    component => PROGRAMS[component],
  )
  const versions = await Promise.all(names.map(name => readVersion(join(binDir, name), env)))
  const [version, ...others] = versions
  if (version === undefined || others.some(other => compareVersions(other, version) !== 0)) {
    const seen = names.map(
      (name, index) => `${name} ${renderVersion(versions[index] ?? { major: 0, minor: 0 })}`,
    )
    throw broken(`The tools in ${binDir} are of different versions: ${seen.join(', ')}`)
  }
  await proveZstd(join(binDir, 'pg_dump'), env)
  return version
}

/** The version of the pg_dump that a step finds with this PATH: what counts in the end. */
export async function readVersionOnPath(env: Readonly<Record<string, string>>): Promise<PostgresVersion> {
  return readVersion('pg_dump', env)
}

async function readVersion(file: string, env: Readonly<Record<string, string>>): Promise<PostgresVersion> {
  const { exitCode, stdout, stderr } = await run(file, ['--version'], env)
  if (exitCode !== 0)
    throw broken(`${file} --version ended with ${exitCode}: ${stderr.trim() || stdout.trim()}`)
  return parseVersion(stdout)
}

/**
 * pg_dump refuses a compression that it was not built with before it connects ("this build does not support
 * compression with zstd", common/compression.c), so an attempt that gets as far as the connection proves that
 * it was. That libzstd can be loaded is proven by its running at all. No server is needed, and it takes
 * milliseconds.
 */
async function proveZstd(pgDump: string, env: Readonly<Record<string, string>>): Promise<void> {
  const nowhere = ['--host=/nonexistent', '--dbname=none', '--no-password', '--file=/dev/null']
  const { stderr } = await run(pgDump, ['--format=custom', '--compress=zstd', ...nowhere], env)
  if (stderr.includes('connection to server')) return
  throw broken(`${pgDump} cannot make a zstd archive: ${stderr.trim()}`)
}

async function run(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CommandOutput> {
  try {
    return await runCommand(file, args, { env })
  } catch (error) {
    throw broken(`${file} cannot be run: ${errorMessage(error)}`, error)
  }
}

function broken(message: string, cause?: unknown): OperatorError {
  return new OperatorError('INSTALL_FAILED', message, {
    hint: 'Set source: apt to install the tools apart from the system, or report this with the log of the step.',
    cause,
  })
}
