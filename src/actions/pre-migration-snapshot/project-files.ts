import type { Dirent } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { OperatorError } from '../../core/errors.ts'
import { FOREIGN_LOCATIONS } from '../../core/migrations/foreign-tools.ts'
import type { ProjectFiles } from '../../core/migrations/migration-report.ts'
import type { MigrationLocation } from '../../core/migrations/tool.ts'
import { TOOLS } from '../../core/migrations/tools.ts'
import { MIB, renderBytes } from '../../core/text/bytes.ts'

/** What one project may cost; beyond it there is a gap, and nothing is called complete. */
interface ProjectLimits {
  /** Entries of folders that are looked at. */
  readonly entries: number
  /** Of one file that is read. */
  readonly fileBytes: number
  /** Of all files that are read. */
  readonly totalBytes: number
}

const LIMITS: ProjectLimits = { entries: 500_000, fileBytes: 4 * MIB, totalBytes: 128 * MIB }

/** Folders without code of the project: hidden ones, and those that a package manager or Python fills. */
const FOREIGN = /^(\..*|node_modules|bower_components|site-packages|__pycache__)$/
/** Where Bundler and Composer put packages. The rest of a folder `vendor` is the project's own. */
const VENDORED = /(^|\/)vendor\/(bundle|cache|composer)$/

/** Folders that are not searched for second lines: tests, examples and what a build leaves behind. */
const NOT_DEPLOYED =
  /(^|\/)(tests?|specs?|__tests__|fixtures?|__fixtures__|testdata|e2e|examples?|samples?|docs?|dist|build|target|out|bin|obj)\//

/**
 * Reads the files of a project that migration tools may use, and nothing else. Throws INVALID_INPUT where
 * there is no such folder. A project without migrations has no files.
 */
export async function readProjectFiles(root: string, limits = LIMITS): Promise<ProjectFiles> {
  const top = await readdir(root, { withFileTypes: true }).catch(cause => {
    throw new OperatorError('INVALID_INPUT', `The project's folder ${root} cannot be read.`, {
      hint: 'Run actions/checkout before this step, and give the folder that holds the project.',
      cause,
    })
  })
  const reading: ProjectReading = { root, limits, files: new Map(), gaps: [], entries: 0, bytes: 0 }
  const locations = await withMarkers(reading, top)
  for (const [folder, ofFolder] of Map.groupBy(locations, location => location.folder))
    await readFolder(reading, folder, '', ofFolder)
  return { root, files: reading.files, gaps: [...new Set(reading.gaps)] }
}

interface ProjectReading extends ProjectFiles {
  readonly limits: ProjectLimits
  readonly files: Map<string, string>
  readonly gaps: string[]
  entries: number
  bytes: number
}

async function withMarkers(
  reading: ProjectReading,
  top: readonly Dirent[],
): Promise<readonly MigrationLocation[]> {
  const names = new Set(top.map(({ name }) => name))
  for (const { name } of top.filter(entry => !entry.isFile() && !FOREIGN.test(entry.name)))
    for (const entry of await list(reading, name)) names.add(entry.name)
  return [...TOOLS.flatMap(({ locations }) => locations), ...FOREIGN_LOCATIONS].filter(
    ({ marker }) => marker === undefined || names.has(marker),
  )
}

/** `below` is the path below the folder of the locations. */
async function readFolder(
  reading: ProjectReading,
  folder: string,
  below: string,
  locations: readonly MigrationLocation[],
): Promise<void> {
  const path = join(folder, below)
  const level = below === '' ? 0 : below.split('/').length
  const deeper = locations.filter(({ depth }) => depth > level)
  const entries = await list(reading, path)
  if (below !== '' && isPythonEnvironment(entries)) return
  for (const entry of entries) {
    reading.entries += 1
    if (reading.entries > reading.limits.entries) {
      reading.gaps.push(
        `${reading.root} has more than ${reading.limits.entries} files and folders to look at`,
      )
      return
    }
    const name = below === '' ? entry.name : `${below}/${entry.name}`
    if (deeper.length > 0) await readBelow(reading, folder, name, deeper, entry)
    const isDeployed = !NOT_DEPLOYED.test(name)
    const matching = locations.filter(
      ({ file, depth, isSearch }) => depth >= level && (isDeployed || !isSearch) && file.test(name),
    )
    if (matching.length > 0 && !entry.isDirectory())
      await addFile(reading, folder === '' ? name : `${folder}/${name}`, matching)
  }
}

async function readBelow(
  reading: ProjectReading,
  folder: string,
  name: string,
  locations: readonly MigrationLocation[],
  entry: Dirent,
): Promise<void> {
  if (FOREIGN.test(entry.name) || VENDORED.test(name)) return
  if (entry.isDirectory()) await readFolder(reading, folder, name, locations)
  else if (entry.isSymbolicLink() && locations.some(({ isSearch }) => !isSearch))
    await noteLinkedFolder(reading, folder, name)
}

/** A virtual environment of Python, under any name: an app may be called env. */
function isPythonEnvironment(entries: readonly Dirent[]): boolean {
  return entries.some(({ name }) => name === 'pyvenv.cfg' || name === 'conda-meta')
}

/** Links to folders are not followed: they may form a circle. One that leads outside is a gap. */
async function noteLinkedFolder({ root, gaps }: ProjectReading, folder: string, name: string): Promise<void> {
  const link = join(root, folder, name)
  const target = await stat(link).catch(() => undefined)
  if (target?.isDirectory() !== true) return
  const [top, to] = await Promise.all([realpath(join(root, folder)), realpath(link)])
  const isInside = to === top || to.startsWith(`${top}${sep}`)
  if (!isInside) gaps.push(`${join(folder, name)} is a link to a folder, which is not followed`)
}

/** A link counts as what it leads to. */
async function addFile(
  reading: ProjectReading,
  path: string,
  locations: readonly MigrationLocation[],
): Promise<void> {
  // Several locations may lead to the same file.
  if (reading.files.get(path)) return
  const absolute = join(reading.root, path)
  try {
    const found = await stat(absolute)
    if (found.isDirectory()) return
    // A named pipe would be waited for without end.
    if (!found.isFile()) reading.gaps.push(`${path} is not a file`)
    else if (locations.some(({ isRead }) => isRead)) await addText(reading, path, found.size)
    else if (!reading.files.has(path)) reading.files.set(path, '')
  } catch (error) {
    reading.gaps.push(`${path} cannot be read (${systemCode(error)})`)
  }
}

async function addText(reading: ProjectReading, path: string, bytes: number): Promise<void> {
  const { fileBytes, totalBytes } = reading.limits
  if (bytes > fileBytes || reading.bytes + bytes > totalBytes) {
    reading.files.set(path, '')
    reading.gaps.push(
      `${path} (${renderBytes(bytes)}) was not read: ${renderBytes(fileBytes)} for a file, ${renderBytes(totalBytes)} for all`,
    )
    return
  }
  reading.bytes += bytes
  reading.files.set(path, await readFile(join(reading.root, path), 'utf8'))
}

/** Sorted, so that a limit cuts at the same entry on every machine. What is not a folder is empty. */
async function list({ root, gaps }: ProjectReading, path: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(join(root, path), { withFileTypes: true })
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    const code = systemCode(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR') gaps.push(`${path} cannot be read (${code})`)
    return []
  }
}

/** `EACCES`. Throws on what is no error of the system. */
function systemCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error
}
