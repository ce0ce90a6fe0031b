import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorMessage } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { renderVersion, renderWanted, satisfies } from '../../core/pg/version.ts'
import { findTool, readToolVersion } from '../client-tools/find-tool.ts'
import { toolEnvironment } from '../client-tools/run-tool.ts'
import type { Installation, InstallRequest } from './installation.ts'
import { proveTools } from './prove-tools.ts'

/** Where packages of Debian and Ubuntu, and Homebrew on either processor, put a major beside others. */
const KNOWN_PLACES = (major: number): readonly string[] => [
  `/usr/lib/postgresql/${major}/bin`,
  `/opt/homebrew/opt/postgresql@${major}/bin`,
  `/usr/local/opt/postgresql@${major}/bin`,
]

/**
 * The first installation already on this machine that is what was asked for and works: the PATH first (seen
 * through pg_wrapper), then the known places. Undefined where there is none; the log says why each was
 * skipped.
 */
export async function findSystemInstallation(
  wish: InstallRequest,
  variables: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<Installation | undefined> {
  const path = variables.PATH ?? ''
  const env = toolEnvironment(variables)
  for (const binDir of await candidates(wish.version.major, path)) {
    const version = await readToolVersion(`${binDir}/pg_dump`, path)
    if (version === undefined) continue
    if (!satisfies(version, wish.version)) {
      log.info(`${binDir}: ${renderVersion(version)}, skipped: not ${renderWanted(wish.version)}`)
      continue
    }
    try {
      await proveTools(binDir, wish.components, env)
    } catch (error) {
      log.info(`${binDir}: ${renderVersion(version)}, skipped: ${errorMessage(error)}`)
      continue
    }
    log.info(`${binDir}: ${renderVersion(version)}, works`)
    return { version, binDir, source: 'system', origin: 'installed on this machine', cacheHit: false }
  }
  log.info(`No PostgreSQL ${renderWanted(wish.version)} is installed on this machine`)
  return undefined
}

async function candidates(major: number, path: string): Promise<readonly string[]> {
  const onPath = [
    await findTool('pg_dump', { path, atLeastMajor: major }),
    await findTool('pg_dump', { path }),
  ]
  const directories = onPath.flatMap(tool => (tool === undefined ? [] : [tool.path]))
  const resolved = await Promise.all(directories.map(async file => dirname(await realpath(file))))
  return [...new Set([...resolved, ...KNOWN_PLACES(major)])]
}
