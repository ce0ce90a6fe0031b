import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { find, findAllVersions } from '@actions/tool-cache'
import { OperatorError } from '../../core/errors.ts'
import { compareVersions, type PostgresVersion, parseVersion, renderVersion } from '../../core/pg/version.ts'
import { COMPONENTS, type Component } from './installation.ts'

/** What is known about an entry. */
export interface EntryFacts {
  readonly version: PostgresVersion
  /** Id of the origin: `pgdg-noble`, `debian-forky`, `apt-1a2b3c4d`. */
  readonly origin: string
  readonly components: readonly Component[]
  /** As Node names it. */
  readonly arch: string
  /** `name=version` of everything unpacked, as a record of the contents. */
  readonly packages: readonly string[]
}

export interface CacheEntry extends EntryFacts {
  readonly directory: string
  /** When the origin last had nothing newer for us, in milliseconds since the epoch. */
  readonly confirmedAt: number
}

/** The tool's name in the runner's tool cache. */
export const CACHED_TOOL = 'pg-runbook-postgresql'
/** Written last, before the entry gets its name: an entry without it is none. */
const FACTS_FILE = 'pg-runbook.json'
const PARTIAL = '.partial-'
/** No installation takes that long; what is older was left by a run that was killed. */
const PARTIAL_AGE_MS = 3_600_000

/**
 * Unpacked PostgreSQL tools in the runner's tool cache, laid out and marked as @actions/tool-cache has it, so
 * that package finds them as `pg-runbook-postgresql`: `<tool
 * cache>/pg-runbook-postgresql/<version>-<origin>-<component>/<arch>`, next to `<arch>.complete`. The
 * package finds entries; it does not write them: its cacheDir empties the place first and copies into it,
 * under the feet of a job that uses what was there. An entry is built under another name and renamed when
 * complete, which is atomic: of two runs at once the first one wins.
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

  /** A directory that no other job searches, for tools of this job alone. */
  static forThisJob(directory: string): ToolCache {
    return new ToolCache(directory, true)
  }

  /**
   * Every complete entry for that architecture (as Node names it), newest version first. Empty where there is
   * no cache yet.
   */
  async entries(arch: string): Promise<readonly CacheEntry[]> {
    if (this.#isPrivate) return []
    const directories = findAllVersions(CACHED_TOOL, arch).map(version => find(CACHED_TOOL, version, arch))
    const entries = await Promise.all(directories.map(readEntry))
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
      await mkdir(partial, { recursive: true })
      await build(partial)
      await writeFacts(partial, facts, now)
      return await this.#place(partial, facts)
    } catch (error) {
      throw isForbidden(error) ? this.#unwritable(error) : error
    } finally {
      // What is left is removed by a later run; the error of the build says more than that of its clean-up.
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

  /** Takes an entry that turned out not to work out of the way, in one step, then removes it. */
  async evict(directory: string): Promise<void> {
    const aside = join(this.#root, partialName(0))
    try {
      await rm(markerOf(directory), { force: true })
      await rename(directory, aside).catch(ignore('ENOENT'))
      await rm(aside, { recursive: true, force: true })
    } catch (error) {
      throw isForbidden(error) ? this.#unwritable(error) : error
    }
  }

  async #place(partial: string, facts: EntryFacts): Promise<CacheEntry> {
    const directory = join(this.#root, entryVersion(facts), facts.arch)
    await mkdir(dirname(directory), { recursive: true })
    if (!(await renamed(partial, directory)) && (await readEntry(directory)) === undefined) {
      // Something without facts stands there; what another run puts there has its facts from the first
      // moment.
      await this.evict(directory)
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

/**
 * What @actions/tool-cache takes for a version: a semantic one, with what tells entries of one release apart
 * behind it.
 */
function entryVersion({ version, origin, components }: EntryFacts): string {
  const component = components.includes('server') ? 'server' : 'client'
  return `${version.major}.${version.minor}.0-${origin}-${component}`
}

/** Without it @actions/tool-cache finds no entry. */
function markerOf(directory: string): string {
  return `${directory}.complete`
}

/**
 * The time is in the name: tar gives the directory that of the package, and it would look abandoned while it
 * is filled.
 */
function partialName(startedAt: number): string {
  return `${PARTIAL}${startedAt}-${randomBytes(8).toString('hex')}`
}

/** The facts in one step too: a reader sees the old ones or the new ones. */
async function writeFacts(directory: string, facts: EntryFacts, now: number): Promise<void> {
  const { version, origin, components, arch, packages } = facts
  const record = { version: renderVersion(version), origin, components, arch, packages, confirmedAt: now }
  const draft = join(directory, `${FACTS_FILE}.${randomBytes(4).toString('hex')}`)
  await writeFile(draft, `${JSON.stringify(record, undefined, 2)}\n`)
  await rename(draft, join(directory, FACTS_FILE))
}

/** Undefined for anything that is not whole: no facts, unreadable facts, facts of another make. */
async function readEntry(directory: string): Promise<CacheEntry | undefined> {
  try {
    const record: unknown = JSON.parse(await readFile(join(directory, FACTS_FILE), 'utf8'))
    return parseRecord(directory, record as Record<string, unknown>)
  } catch {
    return undefined
  }
}

function parseRecord(directory: string, record: Record<string, unknown>): CacheEntry | undefined {
  const { version, origin, arch, packages, confirmedAt } = record
  const components = COMPONENTS.filter(
    name => Array.isArray(record.components) && record.components.includes(name),
  )
  if (typeof version !== 'string' || typeof origin !== 'string' || typeof arch !== 'string') return undefined
  if (!Array.isArray(packages) || typeof confirmedAt !== 'number' || components.length === 0) return undefined
  return { directory, version: parseVersion(version), origin, components, arch, packages, confirmedAt }
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
