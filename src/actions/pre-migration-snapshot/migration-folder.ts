import type { Dirent } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MIB, renderBytes } from '../../core/bytes.ts'
import { OperatorError } from '../../core/errors.ts'
import type { ProjectFiles } from '../../core/migrations/migration-report.ts'
import type { Place } from '../../core/migrations/tool.ts'
import { TOOLS } from '../../core/migrations/tools.ts'

/** What one project may cost; beyond it there is a gap, and nothing is called complete. */
export interface ProjectLimits {
  /** Entries of folders that are looked at. */
  readonly entries: number
  /** Of one file that is read. */
  readonly fileBytes: number
  /** Of all files that are read. */
  readonly totalBytes: number
}

const LIMITS: ProjectLimits = { entries: 100_000, fileBytes: 4 * MIB, totalBytes: 64 * MIB }

/** Folders that hold other people's code, which has migrations of its own. */
const FOREIGN = /^(\.|node_modules$|bower_components$|vendor$|venv$|env$|site-packages$|__pycache__$)/

/**
 * Reads what a project's folder holds at the places where migration tools keep their files, and nothing else. Throws
 * INVALID_INPUT where there is no such folder. A project without migrations has no files.
 */
export async function readProjectFiles(root: string, limits = LIMITS): Promise<ProjectFiles> {
  const reading: Reading = { root, limits, files: new Map(), gaps: [], entries: 0, bytes: 0 }
  const top = await readdir(root, { withFileTypes: true }).catch(cause => {
    throw new OperatorError('INVALID_INPUT', `The project's folder ${root} cannot be read.`, {
      hint: 'Run actions/checkout before this step, and give the folder that holds the project.',
      cause,
    })
  })
  const places = await withMarkers(root, top)
  for (const folder of new Set(places.map(place => place.folder))) {
    await readFolder(
      reading,
      folder,
      '',
      places.filter(place => place.folder === folder),
    )
  }
  return { root, files: reading.files, gaps: [...new Set(reading.gaps)] }
}

interface Reading extends ProjectFiles {
  readonly limits: ProjectLimits
  readonly files: Map<string, string>
  readonly gaps: string[]
  entries: number
  bytes: number
}

async function withMarkers(root: string, top: readonly Dirent[]): Promise<readonly Place[]> {
  const names = new Set(top.map(({ name }) => name))
  for (const { name } of top.filter(entry => entry.isDirectory() && !FOREIGN.test(entry.name)))
    for (const entry of await list(join(root, name))) names.add(entry.name)
  return TOOLS.flatMap(({ places }) => places).filter(
    ({ marker }) => marker === undefined || names.has(marker),
  )
}

/** `below` is the path below the places' folder. */
async function readFolder(
  reading: Reading,
  folder: string,
  below: string,
  places: readonly Place[],
): Promise<void> {
  const path = join(folder, below)
  const level = below === '' ? 0 : below.split('/').length
  const deeper = places.filter(({ depth }) => depth > level)
  for (const entry of await list(join(reading.root, path))) {
    reading.entries += 1
    if (reading.entries > reading.limits.entries) {
      reading.gaps.push(
        `${reading.root} has more than ${reading.limits.entries} files and folders to look at`,
      )
      return
    }
    const name = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory() && deeper.length > 0 && !FOREIGN.test(entry.name))
      await readFolder(reading, folder, name, deeper)
    const matching = places.filter(({ file, depth }) => depth >= level && file.test(name))
    if (matching.length > 0)
      await addFile(reading, folder === '' ? name : `${folder}/${name}`, matching, entry)
  }
}

async function addFile(
  reading: Reading,
  path: string,
  places: readonly Place[],
  entry: Dirent,
): Promise<void> {
  const absolute = join(reading.root, path)
  // A named pipe would be waited for without end. A link counts as what it leads to.
  const found =
    entry.isFile() || entry.isSymbolicLink() ? await stat(absolute).catch(() => undefined) : undefined
  if (found?.isFile() !== true) return
  const before = reading.files.get(path)
  if (!places.some(({ isRead }) => isRead)) {
    if (before === undefined) reading.files.set(path, '')
    return
  }
  const { fileBytes, totalBytes } = reading.limits
  if (found.size > fileBytes || reading.bytes + found.size > totalBytes) {
    reading.files.set(path, '')
    reading.gaps.push(
      `${path} (${renderBytes(found.size)}) was not read: ${renderBytes(fileBytes)} for a file, ${renderBytes(totalBytes)} for all`,
    )
    return
  }
  reading.bytes += found.size
  reading.files.set(path, await readFile(absolute, 'utf8'))
}

/** Sorted, so that a limit cuts at the same place on every machine. What is not there or not a folder is empty. */
async function list(path: string): Promise<readonly Dirent[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(error => {
    if (['ENOENT', 'ENOTDIR'].includes(error.code)) return []
    throw new OperatorError('INVALID_INPUT', `The folder ${path} cannot be read (${error.code}).`, {
      hint: 'Let the user that runs this step read the project.',
      cause: error,
    })
  })
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
