import { OperatorError } from '../../core/errors.ts'
import type { ViewSetting } from '../../core/passes/view-settings.ts'
import type { Connection } from '../../core/pg/connection.ts'
import type { SessionSetting } from '../../core/restore/session-settings.ts'
import { openSession } from '../session/session.ts'

/** The server takes no more than 10,000 bytes of options (MAX_STARTUP_PACKET_LENGTH in pqcomm.h). */
const LONGEST_TOTAL = 4000

/**
 * Those settings that this server lets this role set, with their values, as options of a connection: a
 * refused one would end it. Asks nothing where there are none.
 */
export async function readAcceptedSettings(
  connection: Connection,
  settings: readonly ViewSetting[],
  signal: AbortSignal,
): Promise<readonly SessionSetting[]> {
  if (settings.length === 0) return []
  await using session = await openSession(connection, signal)
  const accepted: SessionSetting[] = []
  let total = 0
  for (const { name, set } of settings) {
    try {
      await session.rows(set)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof OperatorError)) throw error
      continue
    }
    const { value } = await session.row<{ value: string }>('SELECT pg_catalog.current_setting($1) AS value', [
      name,
    ])
    total += name.length + Buffer.byteLength(value)
    if (total <= LONGEST_TOTAL) accepted.push({ name, value })
  }
  return accepted
}
