import { access, constants } from 'node:fs/promises'
import process from 'node:process'
import { toolEnvironment } from '../client-tools/run-tool.ts'

/** The user `nobody`: the server refuses to run as root. */
export const NOBODY = 65_534

/** As root, the ids that make a program run as the user `nobody`. */
export function serverUser(): { readonly uid?: number; readonly gid?: number } {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
}

/**
 * The environment of the server: nothing of the step's. The id by which the runner finds leftover processes
 * is no secret, and a PATH is needed to start it.
 */
export function serverEnvironment({
  RUNNER_TRACKING_ID: trackingId,
}: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return toolEnvironment({ PATH: '/usr/local/bin:/usr/bin:/bin', RUNNER_TRACKING_ID: trackingId })
}

/** Where util-linux puts it; not every system has it. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv']

/**
 * A command that writes no core files, which would hold rows, and gains no rights by set-user-ID programs.
 * It keeps its process id.
 */
export async function confine(command: readonly string[]): Promise<readonly [string, ...string[]]> {
  const setpriv = await firstExecutable(SETPRIV)
  const inner = setpriv === undefined ? command : [setpriv, '--no-new-privs', '--', ...command]
  return ['/bin/sh', '-c', 'ulimit -c 0; exec "$@"', 'sh', ...inner]
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return undefined
}
