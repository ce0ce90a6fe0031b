import type { Connection } from '../core/connection.ts'
import type { RestoredContent } from '../core/exact-check.ts'
import type { FingerprintLevel } from '../core/manifest.ts'
import { readExtensions, readObjectCounts, readTables } from './catalog.ts'
import { pinOutputSettings, readSequences, readTableFingerprints } from './fingerprint.ts'
import { openSession } from './session.ts'

const EVERYTHING = { tables: [], excludeTables: [], schemas: [] }

/** Reads a restored database with the same statements and settings as the source was read with, for comparison. */
export async function readRestoredContent(
  connection: Connection,
  level: FingerprintLevel,
  signal: AbortSignal,
): Promise<RestoredContent> {
  await using session = await openSession(connection, signal)
  await pinOutputSettings(session)
  const tables = await readTables(session, EVERYTHING)
  return {
    tables: await readTableFingerprints(session, tables, level === 'none' ? 'counts' : level),
    sequences: await readSequences(session),
    extensions: await readExtensions(session),
    objects: await readObjectCounts(session),
  }
}
