import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { find, findAllVersions } from '@actions/tool-cache'
import { OperatorError } from '../../core/errors.ts'
import { compareVersions } from '../../core/pg/version.ts'
import { type CacheEntry, type EntryFacts, readEntry, readTrustedEntry, writeFacts } from './cache-entry.ts'
import { makeUnwritableByOthers } from './untrusted-path.ts'

/** The tool's name in the runner's tool cache. */
export const CACHED_TOOL = 'pg-runbook-postgresql'
const PARTIAL = '.partial-'
/** No installation takes that long; what is older was left by a run that was killed. */
const PARTIAL_AGE_MS = 3_600_000

/**
 * Unpacked PostgreSQL tools in the runner's tool cache, in the layout of @actions/tool-cache:
 * `<tool cache>/pg-runbook-postgresql/<version>-<origin>-<component>/<arch>` and `<arch>.complete`. It
 * finds entries but does not write them: its cacheDir empties the directory first, and a running job may use
 * what was there. An entry is built under another name and renamed when complete, which is atomic: of two
 * runs at once the first one wins. An entry that another user could have changed is not used.
 */
export class ToolCache {
  readonly #root: string
  readonly #isPrivate: boolean

  private constructor(root: string, isPrivate: boolean) {
    this.#root = root
    this.#isPrivate = isPrivate
  }

  /** `toolCache` is RUNNER_TOOL_CACHE, which the package reads for itself. */
  static ofRunner(toolCache: string): ToolCache {
    return new ToolCache(join(toolCache, CACHED_TOOL), false)
  }

  /** A private directory, for the tools of this job alone. */
  static forThisJob(directory: string): ToolCache {
    return new ToolCache(directory, true)
  }

  /** Every trusted, complete entry for an architecture (as Node names it), newest version first. */
  async entries(arch: string): Promise<readonly CacheEntry[]> {
    if (this.#isPrivate) return []
    const directories = findAllVersions(CACHED_TOOL, arch).map(version => find(CACHED_TOOL, version, arch))
    const entries = await Promise.all(directories.map(readTrustedEntry))
    return entries.filter(entry => entry !== undefined).sort((a, b) => compareVersions(b.version, a.version))
  }

  /**
   * Builds an entry and puts it in its place. If another run was faster, its entry is returned, ours is
   * dropped.
   */
  async add(
    facts: EntryFacts,
    now: number,
    build: (directory: string) => Promise<void>,
  ): Promise<CacheEntry> {
    const partial = join(this.#root, partialName(now))
    try {
      await this.#removeLeftovers(now)
      await mkdir(partial, { recursive: true, mode: 0o755 })
      await build(partial)
      await writeFacts(partial, facts, now)
      await makeUnwritableByOthers(partial)
      return await this.#place(partial, facts, now)
    } catch (error) {
      throw isForbidden(error) ? this.#unwritable(error) : error
    } finally {
      // What is left is removed by a later run; the error of the build matters more.
      await rm(partial, { recursive: true, force: true }).catch(() => {})
    }
  }

  #unwritable(cause: Error): OperatorError {
    return new OperatorError(
      'INSTALL_FAILED',
      `The tool cache ${this.#root} cannot be written: ${cause.message}`,
      {
        hint: 'Let the user of the runner write there, remove what another user left, or set cache: false.',
        cause,
      },
    )
  }

  /** Notes that the origin has nothing newer; an entry of another user is only asked about again sooner. */
  async confirm(entry: CacheEntry, now: number): Promise<void> {
    await writeFacts(entry.directory, entry, now).catch(error => {
      if (!isForbidden(error)) throw error
    })
  }

  /**
   * Renames an entry that does not work, in one step. Another job may be using it, so a later run removes it.
   */
  async evict(directory: string, now: number): Promise<void> {
    await this.#moveAside(directory, now)
  }

  async #moveAside(directory: string, now: number): Promise<string> {
    const aside = join(this.#root, partialName(now))
    try {
      await rm(markerOf(directory), { force: true })
      await rename(directory, aside).catch(ignore('ENOENT'))
      return aside
    } catch (error) {
      throw isForbidden(error) ? this.#unwritable(error) : error
    }
  }

  async #place(partial: string, facts: EntryFacts, now: number): Promise<CacheEntry> {
    const directory = join(this.#root, entryVersion(facts), facts.arch)
    await mkdir(dirname(directory), { recursive: true, mode: 0o755 })
    if (!(await renamed(partial, directory)) && (await readTrustedEntry(directory)) === undefined) {
      // It has no facts, or another user could have changed it. What another run adds has its facts at once.
      await rm(await this.#moveAside(directory, now), { recursive: true, force: true })
      await renamed(partial, directory)
    }
    const entry = await readEntry(directory)
    if (entry === undefined) throw new Error(`${directory} was taken away while it was being made`)
    await writeFile(markerOf(directory), '')
    return entry
  }

  async #removeLeftovers(now: number): Promise<void> {
    for (const name of await list(this.#root)) {
      if (
        !name.startsWith(PARTIAL) ||
        now - Number(name.slice(PARTIAL.length).split('-')[0]) < PARTIAL_AGE_MS
      )
        continue
      await rm(join(this.#root, name), { recursive: true, force: true })
    }
  }
}

/** A semantic version, as @actions/tool-cache wants; the suffix distinguishes entries of one release. */
function entryVersion({ version, origin, components, extensions }: EntryFacts): string {
  const component = components.includes('server') ? 'server' : 'client'
  return [`${version.major}.${version.minor}.0`, origin, component, ...extensions].join('-')
}

/** Without it @actions/tool-cache finds no entry. */
function markerOf(directory: string): string {
  return `${directory}.complete`
}

/** The start time is in the name because tar resets the directory's mtime. */
function partialName(startedAt: number): string {
  return `${PARTIAL}${startedAt}-${randomBytes(8).toString('hex')}`
}

async function list(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => [])
}

/** False when the place is taken. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    ignore('ENOTEMPTY', 'EEXIST')(error as NodeJS.ErrnoException)
    return false
  }
}

/** Another user's, read-only, or no directory at all. */
function isForbidden(error: unknown): error is Error {
  const codes = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

function ignore(...codes: readonly string[]): (error: NodeJS.ErrnoException) => void {
  return error => {
    if (!codes.includes(error.code ?? '')) throw error
  }
}
