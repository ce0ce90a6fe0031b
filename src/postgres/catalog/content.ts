import type { Manifest } from '../../core/backup/manifest.ts'
import type { RestoredContent } from '../../core/checks/compare-manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { keyOf } from '../../core/pg/qualified-name.ts'
import { renderName, renderSome } from '../../core/text/counts.ts'
import { openSession, type Session } from '../session/session.ts'
import { readDefinitions } from './definitions.ts'
import { pinOutputSettings, readTableFingerprints } from './fingerprint.ts'
import { readLargeObjectsHash } from './large-objects.ts'
import { readMovingRows } from './moving-rows.ts'
import { readObjectCounts } from './object-counts.ts'
import { readSequences } from './sequences.ts'
import { readExtensions } from './server-facts.ts'
import { EVERYTHING, readTables, type Table } from './tables.ts'

/** What is known of the original: how closely it was read, and by which time columns. */
type Original = Pick<Manifest['fingerprint'], 'level' | 'tables'>

/**
 * Reads a restored database with the same statements and settings as the source was read with, for
 * comparison.
 */
export async function readRestoredContent(
  connection: Connection,
  original: Original,
  signal: AbortSignal,
): Promise<RestoredContent> {
  await using session = await openSession(connection, signal, 'reading')
  return await readContent(session, original)
}

/**
 * The same in a session that is there, whose settings it changes; of some tables only where they are given.
 * Throws DATABASE_PRIVILEGES where rows are hidden from it.
 */
export async function readContent(
  session: Session,
  { level: known, tables: original }: Original,
  only?: ReadonlyArray<Pick<Table, 'schema' | 'name'>>,
): Promise<RestoredContent> {
  await pinOutputSettings(session)
  const chosen = only && new Set(only.map(keyOf))
  const tables = (await readTables(session, EVERYTHING)).filter(table => chosen?.has(keyOf(table)) ?? true)
  const hidden = tables.filter(({ rowsHidden }) => rowsHidden).map(renderName)
  if (hidden.length > 0)
    throw new OperatorError(
      'DATABASE_PRIVILEGES',
      `Row security hides rows of ${renderSome(hidden)} from this role, so their return cannot be proven.`,
      { hint: 'Connect as a role with BYPASSRLS: ALTER ROLE … BYPASSRLS.' },
    )
  const level = known === 'none' ? 'counts' : known
  return {
    tables: await readTableFingerprints(
      session,
      tables,
      await readMovingRows(session, tables),
      level,
      original,
    ),
    unloggedTables: tables.filter(({ isUnlogged }) => isUnlogged),
    sequences: await readSequences(session),
    extensions: await readExtensions(session),
    objects: await readObjectCounts(session),
    largeObjectsHash: await readLargeObjectsHash(session, level),
    ...(await readDefinitions(session)),
  }
}
