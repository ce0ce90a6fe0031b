import type { ProjectFiles } from './migration-report.ts'

export interface ProjectFile {
  /** Below the folder. */
  readonly path: string
  /** The last part of the path. */
  readonly name: string
  readonly text: string
}

/** The files below a folder of the project, ordered by path. */
export function filesIn({ files }: ProjectFiles, folder: string): readonly ProjectFile[] {
  const prefix = folder === '' ? '' : `${folder}/`
  return [...files]
    .filter(([path]) => path.startsWith(prefix))
    .map(([path, text]) => ({
      path: path.slice(prefix.length),
      name: path.slice(path.lastIndexOf('/') + 1),
      text,
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** Of these folders those in which `find` finds something, with what it found. */
export function foldersWith<T>(
  folders: readonly string[],
  find: (folder: string) => readonly T[],
): ReadonlyArray<{ readonly folder: string; readonly items: readonly T[] }> {
  return folders.map(folder => ({ folder, items: find(folder) })).filter(({ items }) => items.length > 0)
}

/** `20260901090000_create_users.js` without `.js`; of several endings only the last. */
export function withoutExtension(name: string): string {
  return name.replace(/\.[^.]+$/, '')
}
