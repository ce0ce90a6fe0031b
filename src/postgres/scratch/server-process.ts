import type { ChildProcess } from 'node:child_process'

const STOP_TIMEOUT_MS = 5000

/**
 * What made it end comes before what followed from it; how it ended, where it had no time to say anything.
 */
export function describeEnd({ exitCode, signalCode }: ChildProcess, log: string): string {
  const lines = log
    .split('\n')
    .filter(line => /\b(FATAL|PANIC): |terminated by signal|exited with exit code/.test(line))
  const words = lines
    .filter(line => !/starting up|shutting down|terminating (any|connection)/.test(line))
    .slice(0, 3)
    .map(line => line.replace(/^[\d-]+ [\d:.]+ UTC \[\d+\] /, ''))
  return words.length > 0
    ? words.join(' | ')
    : `it ended with ${signalCode === null ? `exit code ${exitCode}` : `signal ${signalCode}`}`
}

export function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null || server.pid === undefined
}

/**
 * SIGQUIT, an immediate shutdown: nothing has to be saved, and unlike SIGKILL it gives the shared memory
 * back.
 */
export async function stopServer(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return
  const ended = new Promise(resolve => server.once('exit', resolve))
  server.kill('SIGQUIT')
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(timer)
}
