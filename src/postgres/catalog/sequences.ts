import type { SequenceFingerprint } from '../../core/backup/manifest.ts'
import type { RestoredSequence } from '../../core/checks/sequences.ts'
import { quoteTable } from '../../core/pg/quote.ts'
import type { Session } from '../session/session.ts'
import { CONFIGURATION, isDumped } from './extension-members.ts'
import type { Table } from './tables.ts'

/** Where every sequence stands now, by its quoted name: sequences do not follow the snapshot. */
export type SequenceValues = ReadonlyMap<string, SequenceValue>

interface SequenceValue extends RestoredSequence {
  readonly cycles: boolean
}

/** Sequences that one statement reads: each is a branch of a UNION. */
const BATCH = 100

/**
 * pg_sequence_last_value is null where nextval was never called, and hides what the sequence would give out
 * first.
 */
const LAST_VALUE = `
  CASE WHEN is_readable THEN pg_sequence_last_value(c.oid)::text END AS value, NULL AS next`

/** A sequence that was dropped meanwhile has no data, and is an error: it was there in this snapshot. */
const DATA = `
  CASE WHEN is_readable THEN (SELECT CASE WHEN d.is_called THEN d.last_value END FROM pg_get_sequence_data(c.oid) d)::text END AS value,
  CASE WHEN is_readable THEN (SELECT CASE WHEN NOT d.is_called THEN d.last_value END FROM pg_get_sequence_data(c.oid) d)::text END AS next`

/**
 * Outside extensions, or their configuration, or owned by the given tables. A standby cannot read an unlogged
 * one.
 */
const sequencesQuery = (byOid: boolean) => `
  SELECT n.nspname AS schema, c.relname AS name, s.seqcycle::text AS cycles, is_configuration::text AS configuration,
         is_readable::text AS readable, ${byOid ? DATA : LAST_VALUE}
    FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   CROSS JOIN LATERAL (SELECT has_sequence_privilege(c.oid, 'SELECT') AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery()) AS is_readable,
                              c.oid = ANY (${CONFIGURATION}) AS is_configuration OFFSET 0) AS facts
   WHERE n.nspname !~ '^pg_'
     AND ${isDumped('c.oid')}
     AND ($1::oid[] IS NULL OR EXISTS (
       SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjid = ANY ($1)))
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`

interface SequenceRow extends Record<string, string | null> {
  readonly schema: string
  readonly name: string
  readonly cycles: string
  readonly configuration: string
  readonly value: string | null
  /** What a sequence that was never used gives out first. */
  readonly next: string | null
  readonly readable: string
}

/**
 * The names of all sequences of a full dump, as the session's snapshot has them: without a value, and without
 * a lock.
 */
export function readSequenceNames(
  session: Session,
): Promise<ReadonlyArray<Pick<SequenceRow, 'schema' | 'name'>>> {
  return session.rows<Record<'schema' | 'name', string>>(
    `SELECT n.nspname AS schema, c.relname AS name
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'S' AND n.nspname !~ '^pg_' AND ${isDumped('c.oid')}
      ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
  )
}

/** Reads all sequences of a full dump, or those owned by the given tables. */
export async function readSequences(session: Session, ownedBy?: readonly Table[]): Promise<SequenceValues> {
  const oids = ownedBy === undefined ? null : ownedBy.map(table => table.oid)
  const byOid = session.version >= SEQUENCE_DATA
  const rows = await session.rows<SequenceRow>(sequencesQuery(byOid), [oids])
  const unused = byOid ? undefined : await readUnused(session, rows.filter(isUnused))
  return new Map(
    rows.map(({ schema, name, cycles, configuration, value, next }) => {
      const key = quoteTable({ schema, name })
      const state = unused?.get(key) ?? { value, next }
      return [
        key,
        { schema, name, cycles: cycles === 'true', isConfiguration: configuration === 'true', ...state },
      ]
    }),
  )
}

/** pg_get_sequence_data is new in 18: no name is looked up between the listing and the reading. */
const SEQUENCE_DATA = 180_000

function isUnused({ value, readable }: SequenceRow): boolean {
  return value === null && readable === 'true'
}

type SequencePosition = Pick<RestoredSequence, 'value' | 'next'>

/**
 * The relation of a sequence tells what it gives out first. By now it may be a view that its owner put there:
 * a reading session refuses that.
 */
async function readUnused(
  session: Session,
  unused: readonly SequenceRow[],
): Promise<ReadonlyMap<string, SequencePosition>> {
  const states = new Map<string, SequencePosition>()
  for (let i = 0; i < unused.length; i += BATCH) {
    const keys = unused.slice(i, i + BATCH).map(quoteTable)
    const branches = keys.map(
      (key, at) => `SELECT ${at} AS at, last_value::text AS last, is_called::text AS called FROM ${key}`,
    )
    // Called since a moment ago, it has a value now.
    for (const { at, last, called } of await session.rows<Record<'at' | 'last' | 'called', string>>(
      branches.join(' UNION ALL '),
    ))
      states.set(
        keys[Number(at)] ?? '',
        called === 'true' ? { value: last, next: null } : { value: null, next: last },
      )
  }
  return states
}

/**
 * What a sequence may be after a restore: from its value at the snapshot to its value when pg_dump was done.
 */
export function mergeSequences(
  atSnapshot: SequenceValues,
  atEnd: SequenceValues,
): readonly SequenceFingerprint[] {
  return [...atSnapshot].map(([key, start]) => {
    const { schema, name, cycles } = start
    const end = atEnd.get(key) ?? start
    return {
      schema,
      name,
      atSnapshot: start.value,
      atEnd: end.value,
      nextAtSnapshot: start.next,
      nextAtEnd: end.next,
      cycles,
    }
  })
}
