import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { openLabDirectories } from '../../lab/directory.ts'

/** A program that is published as a Go module. */
export interface GoTool {
  readonly name: string
  /** What `go install` takes, without the version. */
  readonly module: string
  /** The version that is built, and the oldest that is taken from the PATH. */
  readonly version: string
  /** Arguments that make it print its version. */
  readonly versionArguments: readonly string[]
}

export interface FoundTool {
  readonly path: string
  readonly version: string
  /** How it got here, for the log. */
  readonly origin: string
}

/**
 * Where Go puts itself when it is installed as its page says, which is not on every PATH.
 * https://go.dev/doc/install
 */
const GO_DIRECTORIES = ['/usr/local/go/bin']

/** A first build downloads some eighty modules and compiles for minutes on two cores. */
const BUILD_TIMEOUT_MS = 15 * 60_000

/** Where to look and where to keep, if not in the usual places. */
export interface Places {
  readonly path?: string
  readonly goDirectories?: readonly string[]
  /** The lab's. */
  readonly directory?: string
}

const execute = promisify(execFile)

/**
 * The tool built from its module where there is a Go toolchain, else the one on the PATH if it is not older.
 * What was built once is kept in the lab's directory. Throws, saying what to install, where there is neither.
 */
export async function findGoTool(
  tool: GoTool,
  say: (text: string) => void,
  { path = process.env.PATH ?? '', goDirectories = GO_DIRECTORIES, directory }: Places = {},
): Promise<FoundTool> {
  const { packages } = await openLabDirectories(directory)
  const built = join(packages, 'go', tool.version, tool.name)
  if (existsSync(built)) return { path: built, version: tool.version, origin: 'built before' }
  const go = findProgram('go', [...path.split(delimiter), ...goDirectories])
  if (go !== undefined) return await build(tool, go, built, say)
  const program = findProgram(tool.name, path.split(delimiter))
  if (program === undefined)
    throw new Error(
      `${tool.name} ${tool.version} is not here: there is neither a Go toolchain to build it with nor ${tool.name} on the PATH. ` +
        `Install Go (https://go.dev/doc/install), or ${tool.name} from its releases, and run this again.`,
    )
  return await taken(tool, program)
}

async function build(
  tool: GoTool,
  go: string,
  target: string,
  say: (text: string) => void,
): Promise<FoundTool> {
  say(`Building ${tool.module}@${tool.version}; the first time takes a few minutes.`)
  const started = performance.now()
  await mkdir(join(target, '..', '..'), { recursive: true })
  const GOBIN = await mkdtemp(join(target, '..', '..', 'build-'))
  try {
    // Politely: tests and servers may share the machine.
    await execute('nice', [go, 'install', `${tool.module}@${tool.version}`], {
      env: { ...process.env, GOBIN, GOFLAGS: '-mod=mod' },
      timeout: BUILD_TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
    })
    await mkdir(join(target, '..'), { recursive: true })
    await rename(join(GOBIN, tool.name), target)
  } finally {
    await rm(GOBIN, { recursive: true, force: true })
  }
  const seconds = Math.round((performance.now() - started) / 1000)
  return { path: target, version: tool.version, origin: `built with ${go} in ${seconds} s` }
}

async function taken(tool: GoTool, path: string): Promise<FoundTool> {
  const { stdout } = await execute(path, [...tool.versionArguments])
  const version = /v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? 'unknown'
  if (!isAtLeast(version, tool.version))
    throw new Error(
      `${path} is ${tool.name} ${version}; ${tool.version} or newer is needed. Install it, or a Go toolchain to build it with.`,
    )
  return { path, version, origin: 'from the PATH' }
}

function isAtLeast(version: string, wanted: string): boolean {
  return version.localeCompare(wanted.replace(/^v/, ''), 'en', { numeric: true }) >= 0
}

function findProgram(name: string, directories: readonly string[]): string | undefined {
  return directories.map(directory => join(directory, name)).find(path => existsSync(path))
}
