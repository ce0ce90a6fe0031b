import { quoteTable } from '../../core/pg/quote.ts'
import type { TargetTransaction } from '../client-tools/psql-transaction.ts'
import type { Session } from '../session/session.ts'
import type { RestoredTable } from './compare-rows.ts'

/** The numbers that a transaction and its savepoints have had, as rows keep them: modulo 2^32. */
export interface TransactionRange {
  readonly first: bigint
  readonly count: bigint
}

/** Rows keep the lower half of the number (PostgreSQL, “Transactions and Identifiers”). */
const NUMBERS = 2n ** 32n

/**
 * Asked in the transaction, at its end. A savepoint has a number of its own from its first write on, which
 * only what it has written shows: a large object, which goes again.
 */
export async function readTransactionRange(
  transaction: Pick<TargetTransaction, 'id' | 'run'>,
  session: Session,
): Promise<TransactionRange> {
  await transaction.run('SAVEPOINT pg_runbook_range;')
  const { oid } = await session.row<{ oid: string }>('SELECT pg_catalog.lo_create(0)::text AS oid')
  const { last } = await session.row<{ last: string }>(
    'SELECT xmin::text AS last FROM pg_catalog.pg_largeobject_metadata WHERE oid = $1',
    [oid],
  )
  await transaction.run('ROLLBACK TO SAVEPOINT pg_runbook_range; RELEASE SAVEPOINT pg_runbook_range;')
  const first = BigInt(transaction.id) % NUMBERS
  return { first, count: BigInt.asUintN(32, BigInt(last) - first) + 1n }
}

/**
 * Whether the table holds a row that a later transaction has written, where that one wrote all rows and was
 * the only one that could. A row that was removed since leaves no trace here: the number of rows tells.
 */
export async function hasLaterWrites(
  session: Session,
  table: RestoredTable,
  { first, count }: TransactionRange,
): Promise<boolean> {
  const only = table.isPartitioned ? '' : 'ONLY '
  const { found } = await session.row<{ found: string }>(
    `SELECT EXISTS (SELECT FROM ${only}${quoteTable(table)} AS t
       WHERE mod(t.xmin::text::bigint - $1::bigint + ${NUMBERS}, ${NUMBERS}) >= $2::bigint)::text AS found`,
    [String(first), String(count)],
  )
  return found === 'true'
}
