import { spawn } from 'node:child_process'
import { chown, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../../core/errors.ts'
import { NOBODY, serverEnvironment, serverUser } from './confine.ts'

interface InitOptions {
  /** Where initdb is. */
  readonly binDir: string
  /** The data goes into `data` below it. */
  readonly directory: string
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** Makes an empty cluster whose superuser has this password. Throws SCRATCH_FAILED or DISK_FULL. */
export async function initialiseCluster(
  { binDir, directory, variables }: InitOptions,
  password: string,
): Promise<void> {
  const data = join(directory, 'data')
  const passwordFile = join(directory, 'superuser')
  await mkdir(data, { mode: 0o700 })
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (serverUser().uid !== undefined)
    for (const path of [data, passwordFile]) await chown(path, NOBODY, NOBODY)
  const args = ['-D', data, '--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  const initdb = spawn(join(binDir, 'initdb'), [...args, ...locale, '--no-sync', '--no-instructions'], {
    ...serverUser(),
    cwd: directory,
    env: serverEnvironment(variables),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [initdb.stdout, initdb.stderr]) stream.on('data', chunk => (said += chunk))
  const exitCode = await new Promise(resolve => {
    initdb.once('close', resolve)
    initdb.once('error', error => {
      said += error.message
      resolve(null)
    })
  })
  await rm(passwordFile, { force: true })
  if (exitCode !== 0)
    throw scratchError(`initdb ended with ${exitCode}: ${said.trim().split('\n').slice(-5).join(' | ')}.`)
}

/** A server of our own that could not be made or started. */
export function scratchError(message: string, cause?: unknown): OperatorError {
  const isFull = /No space left on device/.test(message)
  return new OperatorError(isFull ? 'DISK_FULL' : 'SCRATCH_FAILED', message, {
    hint: isFull
      ? 'Use a machine with a larger disk, or set RUNNER_TEMP to one.'
      : 'Run setup-pg18 with components "client, server" before this step; as root, other users must be able to run its programs.',
    cause,
  })
}
