import type { ProjectFiles } from './migration-report.ts'
import { filesIn, type ProjectFile } from './project-file.ts'
import { anywhere, type MigrationLocation, WHOLE } from './tool.ts'

/** Where projects in JavaScript and TypeScript keep migrations. */
const SCRIPT_FOLDERS = [
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
const SCRIPT = /^(?!.*\.d\.[cm]?ts$).+\.[cm]?[jt]s$/
/** A folder for migrations anywhere in the project. */
const OTHER_SCRIPT = /^(?!.*\.d\.[cm]?ts$)(.*\/)?\w*[mM]igrations?\/.+\.[cm]?[jt]s$/

export const SCRIPT_LOCATIONS: readonly MigrationLocation[] = [
  ...SCRIPT_FOLDERS.map(folder => ({ folder, file: SCRIPT, depth: WHOLE, isRead: true })),
  anywhere(OTHER_SCRIPT, true),
]

interface ScriptFolder {
  readonly folder: string
  /** One of SCRIPT_FOLDERS, not a folder below one. */
  readonly isKnown: boolean
  readonly scripts: readonly ProjectFile[]
}

/** The folders of the project that hold scripts, usual ones and others. */
export function scriptFolders(files: ProjectFiles): readonly ScriptFolder[] {
  const found = new Map<string, ProjectFile[]>()
  for (const file of filesIn(files, '')) {
    const isUsual = SCRIPT_FOLDERS.some(known => file.path.startsWith(`${known}/`))
    if (!(isUsual ? SCRIPT : OTHER_SCRIPT).test(file.path)) continue
    const folder = file.path.slice(0, -file.name.length - 1)
    const scripts = found.get(folder)
    if (scripts === undefined) found.set(folder, [file])
    else scripts.push(file)
  }
  return [...found].map(([folder, scripts]) => ({
    folder,
    isKnown: SCRIPT_FOLDERS.includes(folder),
    scripts,
  }))
}
