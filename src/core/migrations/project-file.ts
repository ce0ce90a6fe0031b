import type { ProjectFiles } from './migration-report.ts'

export interface ProjectFile {
  /** Below the folder. */
  readonly path: string
  /** The last part of the path. */
  readonly name: string
  readonly text: string
}

/** The files below a folder of the project, ordered by path. */
export function filesIn(project: ProjectFiles, folder: string): readonly ProjectFile[] {
  const all = listFiles(project)
  if (folder === '') return all
  const prefix = `${folder}/`
  return all
    .filter(({ path }) => path.startsWith(prefix))
    .map(file => ({ ...file, path: file.path.slice(prefix.length) }))
}

/** Every tool asks for the files of one project. */
const LISTS = new WeakMap<ProjectFiles['files'], readonly ProjectFile[]>()

function listFiles({ files }: ProjectFiles): readonly ProjectFile[] {
  const known = LISTS.get(files)
  if (known !== undefined) return known
  const list = [...files]
    .map(([path, text]) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), text }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
  LISTS.set(files, list)
  return list
}

/**
 * The folders that hold files of a tool, with those files: `pattern` is matched against the whole path, and
 * its first group is the folder with a slash at the end. Ordered by folder, then by path.
 */
export function foldersMatching(
  files: ProjectFiles,
  pattern: RegExp,
): ReadonlyArray<{ readonly folder: string; readonly items: readonly ProjectFile[] }> {
  const found = new Map<string, ProjectFile[]>()
  for (const file of filesIn(files, '')) {
    const match = pattern.exec(file.path)
    if (match === null) continue
    const prefix = match[1] ?? ''
    const folder = prefix.replace(/\/$/, '') || '.'
    const items = found.get(folder) ?? []
    items.push({ ...file, path: file.path.slice(prefix.length) })
    found.set(folder, items)
  }
  return [...found].map(([folder, items]) => ({ folder, items }))
}

/** `20260901090000_create_users.js` without `.js`; of several endings only the last. */
export function withoutExtension(name: string): string {
  return name.replace(/\.[^.]+$/, '')
}
