import { join } from 'node:path'
import type { Connection } from '../../core/connection.ts'
import type { Manifest } from '../../core/manifest.ts'
import { fromVersionNumber } from '../../core/postgres-version.ts'
import type { TargetFacts } from '../../core/restore-target.ts'
import { readFreeBytes } from '../../postgres/install/disk-space.ts'
import { decodeArchive, startScript } from '../../postgres/pg-restore.ts'
import { readContent } from '../../postgres/restored.ts'
import { openSession } from '../../postgres/session.ts'
import { openSource } from '../../postgres/source.ts'
import { EMPTY_DATABASE, FREEZE_DATABASE } from '../../postgres/target-empty.ts'
import { readGuards } from '../../postgres/target-guards.ts'
import { terminateSessions } from '../../postgres/target-swap.ts'
import { beginTransaction, readTransactionEnd } from '../../postgres/target-transaction.ts'
import { truncateSql } from '../../postgres/target-truncate.ts'
import { sessionOf } from '../../postgres/transaction-session.ts'
import type { ActionContext } from '../../runner/action.ts'
import { dump } from '../../steps/dump.ts'
import type { OverwriteTools } from '../../steps/restore-overwrite.ts'
import { verifyArchive } from '../../steps/verify-archive.ts'
import { downloadArchive } from '../../storage/download.ts'
import { requireTool } from '../drill-tools.ts'
import { createDumpTools, madeBy } from '../dump-tools.ts'
import type { ToolSetting } from './tools.ts'

/** What the other tools have found out already. */
export interface TargetPlaces {
  /** With the settings of every session that restores. */
  readonly target: Connection
  readonly env: Readonly<Record<string, string>>
  readonly archivePath: string
  readonly listPath: string
}

type Tools = Pick<
  OverwriteTools,
  | 'begin'
  | 'clear'
  | 'readUncommitted'
  | 'readGuards'
  | 'disconnect'
  | 'freeze'
  | 'readEnd'
  | 'startScript'
  | 'takeSafetyBackup'
>

/** psql for the transaction, pg_dump for the safety backup: better missed now than after the download. Throws TOOL_MISSING. */
export async function requireOverwriteTools(
  context: ActionContext,
  { inputs, pgRestore }: ToolSetting,
  { versionNumber }: TargetFacts,
): Promise<void> {
  await requireTool(context, 'psql', pgRestore.version.major)
  if (inputs.skipSafetyBackup !== undefined) return
  await requireTool(context, 'pg_dump', fromVersionNumber(versionNumber).major)
}

/** What overwriting needs beyond what the other modes do. */
export function createOverwriteTools(
  context: ActionContext,
  setting: ToolSetting,
  { target, env, archivePath, listPath }: TargetPlaces,
): Tools {
  const { inputs, pgRestore, signal } = setting
  return {
    disconnect: async spared => {
      await using session = await openSession(target, signal)
      return await terminateSessions(session, target.database, spared)
    },
    begin: async () => {
      const { path } = await requireTool(context, 'psql', pgRestore.version.major)
      return await beginTransaction({ psql: path, env })
    },
    freeze: FREEZE_DATABASE,
    clear: selection => (selection.of === 'rows' ? truncateSql(selection.tables) : EMPTY_DATABASE),
    readUncommitted: (transaction, original) => readContent(sessionOf(transaction), original),
    readGuards: async tables => {
      await using session = await openSession(target, signal)
      return await readGuards(session, tables)
    },
    startScript: async () =>
      startScript({
        path: pgRestore.path,
        archive: archivePath,
        env,
        grants: inputs.restoreGrants,
        args: [
          `--use-list=${listPath}`,
          ...(inputs.only === 'data' ? ['--data-only'] : []),
          ...(inputs.ownerRole === undefined ? [] : [`--role=${inputs.ownerRole}`]),
        ],
      }),
    readEnd: id =>
      readTransactionEnd(id, async (sql, values) => {
        await using session = await openSession(target)
        return (await session.row<{ value: string | null }>(sql, values)).value
      }),
    takeSafetyBackup: () => takeSafetyBackup(context, setting, target),
  }
}

/** Dumps the target as it is, then reads every byte back and lets pg_restore decode it. */
async function takeSafetyBackup(
  context: ActionContext,
  { inputs, store, signal, directory, pgRestore }: ToolSetting,
  target: Connection,
): Promise<Manifest> {
  await using source = await openSource(target, signal)
  const manifest = await dump(
    {
      location: inputs.location,
      kind: 'safety',
      options: {
        format: 'custom',
        compression: 'zstd:1',
        tables: [],
        excludeTables: [],
        schemas: [],
        lockTimeoutMs: SAFETY_LOCK_TIMEOUT_MS,
      },
      fingerprint: 'counts',
      // At hand at once, if it should be needed.
      storage: { storageClass: 'STANDARD', sse: undefined, tags: [], compatibility: 'auto' },
      madeBy: madeBy(context.environment),
    },
    createDumpTools(context, source, target, store, directory),
  )
  const archivePath = join(directory, 'safety.dump')
  await verifyArchive(manifest, {
    store,
    archivePath,
    disk: async () => ({ freeBytes: await readFreeBytes(directory), databaseBytes: 0 }),
    download: (archive, path, onBytes) => downloadArchive(store, archive, path, onBytes),
    now: () => new Date(),
    log: context.log,
    decode: () => decodeArchive(pgRestore.path, archivePath, context.environment.variables, signal),
  })
  return manifest
}

const SAFETY_LOCK_TIMEOUT_MS = 60_000
