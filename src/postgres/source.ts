import { foldDefinitions } from '../core/check-definitions.ts'
import type { Connection } from '../core/connection.ts'
import type {
  Definition,
  Extension,
  FingerprintLevel,
  ObjectCounts,
  SequenceFingerprint,
  TableFingerprint,
} from '../core/manifest.ts'
import {
  readExtensions,
  readObjectCounts,
  readPolicyRoles,
  readServerFacts,
  readTables,
  type Selection,
  type ServerFacts,
} from './catalog.ts'
import { readDefinitions } from './definitions.ts'
import { importSnapshot, pinOutputSettings, readTableFingerprints } from './fingerprint.ts'
import { readLargeObjectsHash } from './large-objects.ts'
import { refuseMissingPrivileges, refuseTransactionPooler } from './preflight.ts'
import { emptySearchPath, withEmptySearchPath } from './search-path.ts'
import { mergeSequences, readSequences, type SequenceValues } from './sequences.ts'
import { openSession } from './session.ts'
import { holdSnapshot, type Snapshot } from './snapshot.ts'

/** What the manifest says about the content, read inside the snapshot. */
export interface Content {
  readonly extensions: readonly Extension[]
  readonly policyRoles: readonly string[]
  readonly objects: ObjectCounts | null
  readonly definitions: readonly Definition[] | null
  readonly largeObjectsHash: string | null
  readonly tables: readonly TableFingerprint[]
}

/** The database that a dump is taken of. Disposing ends its sessions, and with them locks and snapshot. */
export interface Source extends AsyncDisposable {
  readFacts(): Promise<ServerFacts>
  /** Throws where this connection or role cannot dump the selection whole. */
  refuseObstacles(selection: Selection): Promise<void>
  /** Locks the tables, then takes the snapshot. */
  holdSnapshot(selection: Selection, lockTimeoutMs: number): Promise<Snapshot>
  /** Reads the content inside the snapshot, on a session of its own: pg_dump runs beside it. */
  readContent(snapshot: Snapshot, level: FingerprintLevel, isPartial: boolean): Promise<Content>
  /** The sequences now; call it before pg_dump starts and after it ended, and merge. */
  readSequences(snapshot: Snapshot, isPartial: boolean): Promise<SequenceValues>
  mergeSequences(atSnapshot: SequenceValues, atEnd: SequenceValues): readonly SequenceFingerprint[]
}

export async function openSource(connection: Connection, signal: AbortSignal): Promise<Source> {
  const sessions = new AsyncDisposableStack()
  const session = sessions.use(await openSession(connection, signal))
  return {
    readFacts: () => withEmptySearchPath(session, () => readServerFacts(session)),
    async refuseObstacles(selection) {
      await refuseTransactionPooler(session, connection)
      await emptySearchPath(session)
      const tables = await readTables(session, selection)
      await refuseMissingPrivileges(session, connection.user, tables, isNarrowed(selection))
    },
    holdSnapshot: (selection, lockTimeoutMs) => holdSnapshot(session, connection, selection, lockTimeoutMs),
    async readContent(snapshot, level, isPartial) {
      const reader = sessions.use(await openSession(connection, signal))
      await importSnapshot(reader, snapshot.id)
      await pinOutputSettings(reader)
      return {
        extensions: await readExtensions(reader),
        policyRoles: await readPolicyRoles(reader),
        objects: isPartial ? null : await readObjectCounts(reader),
        definitions: isPartial ? null : foldDefinitions((await readDefinitions(reader)).definitions),
        largeObjectsHash: isPartial ? null : await readLargeObjectsHash(reader, level),
        tables: await readTableFingerprints(reader, snapshot.tables, level),
      }
    },
    readSequences: (snapshot, isPartial) => readSequences(session, isPartial ? snapshot.tables : undefined),
    mergeSequences,
    [Symbol.asyncDispose]: () => sessions.disposeAsync(),
  }
}

function isNarrowed({ tables, excludeTables, schemas }: Selection): boolean {
  return tables.length + excludeTables.length + schemas.length > 0
}
