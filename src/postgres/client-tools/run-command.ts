import { execFile } from 'node:child_process'

export interface CommandOutput {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface CommandOptions {
  /** The whole environment of the child. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd?: string | undefined
  /** Ends the child with SIGTERM; the call then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024

/**
 * Runs a program to its end and returns what it said, with any exit code; a death by signal counts as
 * 128. Not @actions/exec: its children outlive a cancelled job, and it looks programs up on the PATH of this
 * process, not on that of `env`. Throws the system's error when the program cannot be started.
 */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandOutput> {
  const { env, cwd, signal } = options
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    execFile(file, args, { env, cwd, signal, maxBuffer: OUTPUT_LIMIT_BYTES }, (error, stdout, stderr) => {
      if (signal?.aborted) reject(signal.reason)
      else if (error === null) resolve({ exitCode: 0, stdout, stderr })
      else if (typeof error.code === 'string') reject(error)
      else resolve({ exitCode: error.code ?? 128, stdout, stderr })
    })
  })
}
