import type { ProjectFiles } from './migration-report.ts'
import { filesIn, type ProjectFile } from './project-file.ts'

/** Where projects in JavaScript and TypeScript keep migrations, whatever runs them. */
export const SCRIPT_FOLDERS = [
  'migrations',
  'migration',
  'src/migrations',
  'src/migration',
  'src/db/migrations',
  'src/database/migrations',
  'db/migrations',
  'database/migrations',
  'dist/migrations',
  'dist/db/migrations',
  'dist/database/migrations',
]

/** Scripts, but neither declarations nor maps. */
export const SCRIPT = /^(?!.*\.d\.[cm]?ts$).+\.[cm]?[jt]s$/

export interface ScriptFolder {
  readonly folder: string
  /** One of SCRIPT_FOLDERS, not a folder below one. */
  readonly isKnown: boolean
  readonly scripts: readonly ProjectFile[]
}

/** The folders of the project that hold scripts: a tool may have been told to look below the usual ones. */
export function scriptFolders(files: ProjectFiles): readonly ScriptFolder[] {
  const found = new Map<string, ScriptFolder>()
  for (const known of SCRIPT_FOLDERS)
    for (const file of filesIn(files, known).filter(({ path }) => SCRIPT.test(path))) {
      const below = file.path.slice(0, -file.name.length - 1)
      const folder = below === '' ? known : `${known}/${below}`
      const scripts = [...(found.get(folder)?.scripts ?? []), file]
      found.set(folder, { folder, isKnown: SCRIPT_FOLDERS.includes(folder), scripts })
    }
  return [...found.values()]
}
