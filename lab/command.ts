import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export interface CommandOptions {
  readonly uid?: number
  readonly cwd?: string
  /** Kills it, and throws, after this time. */
  readonly timeoutMs?: number
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program to its end and returns its standard output. Throws with both outputs when it fails. */
export async function command(line: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [file = '', ...args] = line
  const { stdout } = await execute(file, args, {
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', ...options.env },
    timeout: options.timeoutMs ?? 0,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  }).catch(error => {
    throw new Error(`${line.join(' ')} failed:\n${error.stdout}${error.stderr || error.message}`)
  })
  return stdout
}
