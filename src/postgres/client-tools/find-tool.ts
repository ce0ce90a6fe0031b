import { access, constants, readdir, realpath, stat } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { type PostgresVersion, parseVersion } from '../../core/pg/version.ts'
import { runTool, toolEnvironment } from './run-tool.ts'

export type ToolName =
  | 'pg_dump'
  | 'pg_dumpall'
  | 'pg_restore'
  | 'psql'
  | 'postgres'
  | 'initdb'
  | 'pg_ctl'
  | 'pg_isready'
  | 'pg_amcheck'

export interface Tool {
  /** Absolute path of the program itself, never of Debian's pg_wrapper. */
  readonly path: string
  readonly version: PostgresVersion
}

interface ToolSearch {
  /** The value of a PATH variable. */
  readonly path: string
  readonly atLeastMajor?: number
}

/**
 * The first program of that name on the PATH that runs and tells a version, of at least that major. Debian's
 * /usr/bin/pg_dump is pg_wrapper, which picks a version by rules of its own: in its place stands the newest
 * program that it could pick. Undefined where there is none.
 */
export async function findTool(name: ToolName, search: ToolSearch): Promise<Tool | undefined> {
  for (const directory of search.path.split(delimiter).filter(Boolean)) {
    for (const path of await candidates(resolve(directory, name))) {
      const version = await readToolVersion(path, search.path)
      if (version !== undefined && version.major >= (search.atLeastMajor ?? 0)) return { path, version }
    }
  }
  return undefined
}

/** What `<path> --version` says, or undefined when it does not run or says something else. */
export async function readToolVersion(
  path: string,
  searchPath: string,
): Promise<PostgresVersion | undefined> {
  try {
    const env = toolEnvironment({ PATH: searchPath })
    const { exitCode, stdout } = await runTool(path, ['--version'], env)
    return exitCode === 0 ? parseVersion(stdout) : undefined
  } catch {
    return undefined
  }
}

/**
 * The program at a path, or what pg_wrapper stands for, newest major first. Empty where nothing can be run.
 */
async function candidates(path: string): Promise<readonly string[]> {
  if (!(await isExecutable(path))) return []
  const real = await realpath(path)
  if (!real.endsWith('/postgresql-common/pg_wrapper')) return [path]
  const name = path.slice(path.lastIndexOf('/') + 1)
  // /usr/share/postgresql-common/pg_wrapper → /usr/lib/postgresql
  return installedByMajor(resolve(real, '../../../lib/postgresql'), name)
}

/** `<library>/<major>/bin/<name>` for every major installed side by side, newest first. */
async function installedByMajor(library: string, name: string): Promise<readonly string[]> {
  const majors = (await readdir(library).catch(() => [])).filter(major => /^\d+$/.test(major))
  majors.sort((a, b) => Number(b) - Number(a))
  return majors.map(major => join(library, major, 'bin', name))
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
