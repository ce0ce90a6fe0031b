import type {
  Definition,
  Extension,
  FingerprintLevel,
  ObjectCounts,
  ObjectPrivileges,
  SequenceFingerprint,
  TableFingerprint,
} from '../../core/backup/manifest.ts'
import { foldDefinitions } from '../../core/checks/definitions.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { readSystemIdentifier } from '../catalog/database-identity.ts'
import { readDefinitions } from '../catalog/definitions.ts'
import { readTableFingerprints } from '../catalog/fingerprint.ts'
import { readLargeObjectsHash } from '../catalog/large-objects.ts'
import { NAMED_NOT_NULL, type NotNullClash, readNotNullClashes } from '../catalog/not-null-clashes.ts'
import { readObjectCounts } from '../catalog/object-counts.ts'
import { readPrivileges } from '../catalog/privileges.ts'
import { mergeSequences, readSequences, type SequenceValues } from '../catalog/sequences.ts'
import {
  readExtensions,
  readPolicyRoles,
  readServerFacts,
  type ServerFacts,
} from '../catalog/server-facts.ts'
import { type DumpSelection, findUnmatched } from '../catalog/tables.ts'
import { inOneRoundTrip } from '../session/round-trip.ts'
import type { Session } from '../session/session.ts'
import { openSessionPair } from '../session/session-pair.ts'
import { type LockWatch, WATCHING_SETTINGS, watchLocks } from './lock-watch.ts'
import { type Access, readAccess, refuseMissingPrivileges, refuseTransactionPooler } from './preflight.ts'
import { holdSnapshot, type Snapshot } from './snapshot.ts'

/** What the manifest says about the content, read inside the snapshot. */
export interface FoundContent {
  readonly extensions: readonly Extension[]
  readonly requiredRoles: readonly string[]
  readonly objects: ObjectCounts | null
  readonly definitions: readonly Definition[] | null
  readonly privileges: readonly ObjectPrivileges[] | null
  readonly largeObjectsHash: string | null
  readonly tables: readonly TableFingerprint[]
}

/**
 * The snapshot of a dump, and the locks that it needs. Disposing gives both back; what is read outside of it
 * can still be read.
 */
export interface HeldSnapshot extends Snapshot, AsyncDisposable {
  /** Rejects when the dump has to end because of its locks or its connection. Never resolves. */
  readonly alarm: Promise<never>
  /** The sessions that block a lock of ours, as sentences. */
  inTheWay(): readonly string[]
  /** Does something on a session outside of the snapshot's transaction, which waits for no lock for long. */
  readOutside: LockWatch['read']
}

/** The database that a dump is taken of. Disposing ends its sessions, and with them locks and snapshot. */
export interface Source extends AsyncDisposable {
  /** With what refuseObstacles has to know, in one round trip. Throws where this connection cannot dump. */
  readFacts(selection: DumpSelection): Promise<ServerFacts>
  /** Throws where this role cannot dump the selection whole. */
  refuseObstacles(selection: DumpSelection): Promise<void>
  /** Constraints whose names keep the dump from being restored on 18; none where the server is 18 already. */
  readNotNullClashes(server: ServerFacts): Promise<readonly NotNullClash[]>
  /** Patterns of tables that match none. After refuseObstacles. */
  findUnmatched(patterns: readonly string[]): Promise<readonly string[]>
  /**
   * Locks the tables, then takes the snapshot. A session that then waits for `lockTimeoutMs` behind the locks
   * sets off the alarm.
   */
  holdSnapshot(selection: DumpSelection, lockTimeoutMs: number): Promise<HeldSnapshot>
  /**
   * Reads the content inside the snapshot, on the session that has the locks already: it waits for no lock.
   */
  readContent(snapshot: Snapshot, level: FingerprintLevel, isPartial: boolean): Promise<FoundContent>
  /** The sequences now; call it before pg_dump starts and after it ended, and merge. */
  readSequences(snapshot: HeldSnapshot, isPartial: boolean): Promise<SequenceValues>
  mergeSequences(atSnapshot: SequenceValues, atEnd: SequenceValues): readonly SequenceFingerprint[]
}

export async function openSource(connection: Connection, signal: AbortSignal): Promise<Source> {
  const sessions = await openSessionPair(connection, signal, WATCHING_SETTINGS)
  const { first: session } = sessions
  let known: (Access & { readonly selection: DumpSelection }) | undefined
  let ending: Promise<void> | undefined
  return {
    async readFacts(selection) {
      refuseTransactionPooler(session, connection)
      const [facts, access] = await inOneRoundTrip(session, together => [
        readServerFacts(together),
        readAccess(together, selection),
      ])
      known = { ...access, selection }
      return { ...facts, systemIdentifier: await readSystemIdentifier(session) }
    },
    async refuseObstacles(selection) {
      if (known?.selection !== selection) {
        const [access] = await inOneRoundTrip(session, together => [readAccess(together, selection)])
        known = { ...access, selection }
      }
      refuseMissingPrivileges(known, connection.user)
    },
    readNotNullClashes: async ({ versionNumber }) =>
      versionNumber >= NAMED_NOT_NULL ? [] : await readNotNullClashes(session),
    findUnmatched: patterns => findUnmatched(session, patterns),
    async holdSnapshot(selection, lockTimeoutMs) {
      const watch = watchLocks(await sessions.second(), session, lockTimeoutMs)
      // At once, in the middle of any statement.
      watch.alarm.catch(() => session[Symbol.asyncDispose]())
      // Also while it waits for its locks: else its session would only seem to have been lost.
      const tables = known?.selection === selection ? known.tables : undefined
      const held = holdSnapshot(session, selection, lockTimeoutMs, watch.inTheWay, tables)
      const snapshot = await Promise.race([held, watch.alarm])
      known = undefined
      return {
        ...snapshot,
        alarm: watch.alarm,
        inTheWay: watch.inTheWay,
        readOutside: watch.read,
        [Symbol.asyncDispose]: async () => {
          watch[Symbol.dispose]()
          await session[Symbol.asyncDispose]()
        },
      }
    },
    readContent,
    // Reading one locks it to the end of the transaction, savepoint or not (lock_and_open_sequence in
    // sequence.c).
    async readSequences({ tables, sequenceNames, readOutside }, isPartial) {
      const found = await readOutside(session => readSequences(session, isPartial ? tables : undefined))
      return new Map([...found].filter(([key]) => sequenceNames.has(key)))
    },
    mergeSequences,
    async [Symbol.asyncDispose]() {
      ending ??= Promise.resolve(sessions[Symbol.asyncDispose]())
      await ending
    },
  }
}

async function readContent(
  { session: reader, tables, movingRows }: Snapshot,
  level: FingerprintLevel,
  isPartial: boolean,
): Promise<FoundContent> {
  const isWhole = !isPartial && level !== 'none'
  const ifWhole = <T>(read: (session: Session) => Promise<T>, from: Session) =>
    isWhole ? read(from) : Promise.resolve(null)
  const [extensions, requiredRoles, objects, definitions, privileges, largeObjectsHash, fingerprints] =
    await inOneRoundTrip(reader, together => [
      readExtensions(together),
      readPolicyRoles(together),
      ifWhole(readObjectCounts, together),
      ifWhole(readFoldedDefinitions, tables.length > FEW ? reader : together),
      ifWhole(readPrivileges, together),
      ifWhole(from => readLargeObjectsHash(from, level), together),
      readTableFingerprints(together, tables, movingRows, level),
    ])
  return {
    ...{ extensions, requiredRoles, objects, definitions, privileges, largeObjectsHash },
    tables: fingerprints,
  }
}

/** Definitions of more tables are not held in memory together with other answers. */
const FEW = 1000

async function readFoldedDefinitions(session: Session): Promise<FoundContent['definitions']> {
  return foldDefinitions((await readDefinitions(session)).definitions)
}
