import type { Manifest } from '../backup/manifest.ts'

/**
 * Of a partial backup only the archive tells its size. zstd leaves a fifth to a tenth of rows; indexes come
 * on top.
 */
const EXPANSION = 10

/**
 * What a server needs to take a backup: that of a part of a database needs less room, and no extensions
 * where tables or schemas were named, because pg_dump then leaves them out.
 */
export function scratchNeeds({ backup, object, server }: Manifest): Manifest['server'] {
  if (backup.kind !== 'partial') return server
  const isNamed = backup.tablePatterns.length + backup.schemaPatterns.length > 0
  return {
    ...server,
    databaseBytes: Math.min(server.databaseBytes, object.bytes * EXPANSION),
    extensions: isNamed ? [] : server.extensions,
  }
}
