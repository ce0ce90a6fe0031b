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
export const SCRIPT = /^(?!.*\.d\.[cm]?ts$)[^/]+\.[cm]?[jt]s$/
