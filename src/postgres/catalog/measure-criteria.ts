import type { Criterion, Measurement } from '../../core/criteria/criterion.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { openSession, type SessionUse } from '../session/session.ts'
import { measure } from './criteria.ts'

/**
 * Only counts are compared with it: the operator's own queries do not run on a live database. One that does
 * not answer leaves the comparison open, and the rest of the drill stands.
 */
export async function measureLive(
  live: Connection,
  criteria: readonly Criterion[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Measurement>> {
  const compared = criteria.filter(({ kind }) => kind === 'table')
  try {
    return await measureAll(live, compared, signal, 'reading')
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof OperatorError)) throw error
    const message = error.message.replace(/\.$/, '')
    return new Map(compared.map(({ name }) => [name, { kind: 'error', message }]))
  }
}

export async function measureAll(
  connection: Connection,
  criteria: readonly Criterion[],
  signal: AbortSignal,
  use: SessionUse = 'writing',
): Promise<ReadonlyMap<string, Measurement>> {
  await using session = await openSession(connection, signal, use)
  const measured = new Map<string, Measurement>()
  for (const criterion of criteria) measured.set(criterion.name, await measure(session, criterion))
  return measured
}
