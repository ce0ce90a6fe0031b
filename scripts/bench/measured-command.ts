import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export interface Measured {
  readonly seconds: number
  /** User and system time of the command and its children. */
  readonly cpuSeconds: number
}

/** Runs a line of bash to its end and measures it with bash's own `time`. Throws when it fails. */
export async function measure(commandLine: string, env: Readonly<Record<string, string>>): Promise<Measured> {
  const script = `TIMEFORMAT='%R %U %S'; { time { ${commandLine}; } 2>&3; } 3>/dev/null`
  const child = spawn('bash', ['-o', 'pipefail', '-c', script], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const [said, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')])
  if (exitCode !== 0) throw new Error(`${commandLine} ended with ${exitCode}: ${said}`)
  const [seconds = Number.NaN, user = Number.NaN, system = Number.NaN] = said.trim().split(' ').map(Number)
  return { seconds, cpuSeconds: user + system }
}

/** The better of two: noise of the machine only ever adds. */
export function better(a: Measured | undefined, b: Measured): Measured {
  if (a === undefined) return b
  return {
    seconds: Math.min(a.seconds, b.seconds),
    cpuSeconds: Math.min(a.cpuSeconds, b.cpuSeconds),
  }
}
