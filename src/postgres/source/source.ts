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
import { quoteTable } from '../../core/pg/quote.ts'
import { readDefinitions } from '../catalog/definitions.ts'
import { pinOutputSettings, readTableFingerprints } from '../catalog/fingerprint.ts'
import { readLargeObjectsHash } from '../catalog/large-objects.ts'
import { NAMED_NOT_NULL, type NotNullClash, readNotNullClashes } from '../catalog/not-null-clashes.ts'
import { readObjectCounts } from '../catalog/object-counts.ts'
import { readPrivileges } from '../catalog/privileges.ts'
import {
  mergeSequences,
  readSequenceNames,
  readSequences,
  type SequenceValues,
} from '../catalog/sequences.ts'
import {
  readExtensions,
  readPolicyRoles,
  readServerFacts,
  type ServerFacts,
} from '../catalog/server-facts.ts'
import { type DumpSelection, findUnmatched, readTables, type TableAccess } from '../catalog/tables.ts'
import { openSession, type Session } from '../session/session.ts'
import { watchLocks } from './lock-watch.ts'
import { refuseMissingPrivileges, refuseTransactionPooler } from './preflight.ts'
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

/** The snapshot of a dump, and the locks that it needs. Disposing gives both back. */
export interface HeldSnapshot extends Snapshot, AsyncDisposable {
  /** Rejects when the dump has to end because of its locks or its connection. Never resolves. */
  readonly alarm: Promise<never>
  /** The sessions that block a lock of ours, as sentences. */
  inTheWay(): readonly string[]
}

/** The database that a dump is taken of. Disposing ends its sessions, and with them locks and snapshot. */
export interface Source extends AsyncDisposable {
  readFacts(): Promise<ServerFacts>
  /** Throws where this connection or role cannot dump the selection whole. */
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
  readSequences(snapshot: Snapshot, isPartial: boolean): Promise<SequenceValues>
  mergeSequences(atSnapshot: SequenceValues, atEnd: SequenceValues): readonly SequenceFingerprint[]
}

/** A change of a sequence is done by then, or DATABASE_LOCKED says that it is not. */
const SEQUENCE_LOCK_MS = 60_000

export async function openSource(connection: Connection, signal: AbortSignal): Promise<Source> {
  const sessions = new AsyncDisposableStack()
  const session = sessions.use(await openSession(connection, signal, 'reading'))
  const sequenceReader = sessions.use(new SequenceReader(connection, signal))
  let listed: { readonly selection: DumpSelection; readonly tables: readonly TableAccess[] } | undefined
  return {
    async readFacts() {
      refuseTransactionPooler(session, connection)
      return await readServerFacts(session)
    },
    async refuseObstacles(selection) {
      const tables = await readTables(session, selection)
      await refuseMissingPrivileges(session, connection.user, tables, isNarrowed(selection))
      listed = { selection, tables }
    },
    readNotNullClashes: async ({ versionNumber }) =>
      versionNumber >= NAMED_NOT_NULL ? [] : await readNotNullClashes(session),
    findUnmatched: patterns => findUnmatched(session, patterns),
    async holdSnapshot(selection, lockTimeoutMs) {
      const [watch] = await Promise.all([
        watchLocks(connection, session, lockTimeoutMs, signal).then(opened => sessions.use(opened)),
        sequenceReader.open(),
        pinOutputSettings(session),
      ])
      // At once, in the middle of any statement.
      watch.alarm.catch(() => session[Symbol.asyncDispose]())
      // Also while it waits for its locks: else its session would only seem to have been lost.
      const known = listed?.selection === selection ? listed.tables : undefined
      const held = holdSnapshot(session, selection, lockTimeoutMs, watch.inTheWay, known)
      const snapshot = await Promise.race([held, watch.alarm])
      return {
        ...snapshot,
        alarm: watch.alarm,
        inTheWay: watch.inTheWay,
        [Symbol.asyncDispose]: () => sessions.disposeAsync(),
      }
    },
    async readContent({ session: reader, tables, movingRows }, level, isPartial) {
      const isWhole = !isPartial && level !== 'none'
      return {
        extensions: await readExtensions(reader),
        requiredRoles: await readPolicyRoles(reader),
        objects: isWhole ? await readObjectCounts(reader) : null,
        definitions: isWhole ? foldDefinitions((await readDefinitions(reader)).definitions) : null,
        privileges: isWhole ? await readPrivileges(reader) : null,
        largeObjectsHash: isWhole ? await readLargeObjectsHash(reader, level) : null,
        tables: await readTableFingerprints(reader, tables, movingRows, level),
      }
    },
    readSequences: (snapshot, isPartial) => sequenceReader.read(snapshot, isPartial),
    mergeSequences,
    [Symbol.asyncDispose]: () => sessions.disposeAsync(),
  }
}

/** What lies between may drop a connection that was silent for longer, and nothing says so. */
const LONGEST_SILENCE_MS = 30_000

/**
 * Reads sequences on a session outside of the snapshot's transaction: reading one locks it to the end of the
 * transaction, savepoint or not (lock_and_open_sequence in sequence.c).
 */
class SequenceReader implements AsyncDisposable {
  readonly #connection: Connection
  readonly #signal: AbortSignal
  #session: Session | undefined
  #usedAt = 0
  /** Of the snapshot; they stay the same. */
  #known: ReadonlySet<string> | undefined

  constructor(connection: Connection, signal: AbortSignal) {
    this.#connection = connection
    this.#signal = signal
  }

  async open(): Promise<Session> {
    if (performance.now() - this.#usedAt > LONGEST_SILENCE_MS) await this[Symbol.asyncDispose]()
    this.#session ??= await openSession(this.#connection, this.#signal, 'reading')
    this.#usedAt = performance.now()
    return this.#session
  }

  async read({ tables, session: holder }: Snapshot, isPartial: boolean): Promise<SequenceValues> {
    this.#known ??= new Set((await readSequenceNames(holder)).map(quoteTable))
    const known = this.#known
    const reader = await this.open()
    await reader.rows(`SET lock_timeout = ${SEQUENCE_LOCK_MS}`)
    const found = await readSequences(reader, isPartial ? tables : undefined)
    this.#usedAt = performance.now()
    // One that is younger than the snapshot is not in the archive.
    return new Map([...found].filter(([key]) => known.has(key)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]()
    this.#session = undefined
  }
}

function isNarrowed({ tables, excludeTables, schemas }: DumpSelection): boolean {
  return tables.length + excludeTables.length + schemas.length > 0
}
