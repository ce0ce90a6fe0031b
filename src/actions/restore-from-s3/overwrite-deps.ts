import { join } from 'node:path'
import type { Manifest } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { compareVersions, fromVersionNumber, renderVersion } from '../../core/pg/version.ts'
import { withRestoreSettings } from '../../core/restore/session-settings.ts'
import type { TargetFacts } from '../../core/restore/target-facts.ts'
import { readContent } from '../../postgres/catalog/content.ts'
import { advanceNumbering } from '../../postgres/catalog/sequence-columns.ts'
import { EVERYTHING } from '../../postgres/catalog/tables.ts'
import { decodeArchive, startScript } from '../../postgres/client-tools/pg-restore.ts'
import { sessionOf } from '../../postgres/client-tools/psql-session.ts'
import { beginTransaction, type TargetTransaction } from '../../postgres/client-tools/psql-transaction.ts'
import { readFreeBytes } from '../../postgres/install/disk-space.ts'
import { openSession } from '../../postgres/session/session.ts'
import { openSource } from '../../postgres/source/source.ts'
import { readTransactionEnd } from '../../postgres/target/commit-status.ts'
import { EMPTY_DATABASE } from '../../postgres/target/drop-contents.ts'
import { readInventory } from '../../postgres/target/inventory.ts'
import { CUT_TIMEOUT_MS, LOCK_TIMEOUT_MS, lockAll, lockSome } from '../../postgres/target/lock-tables.ts'
import { readGuards } from '../../postgres/target/row-triggers.ts'
import { namingBlockers, whileTerminating } from '../../postgres/target/terminate-sessions.ts'
import { truncateSql } from '../../postgres/target/truncate.ts'
import type { ActionContext } from '../../runner/action.ts'
import { verifyArchive } from '../../steps/backups/verify-archive.ts'
import { dump } from '../../steps/dump/dump.ts'
import type { OverwriteTools } from '../../steps/restore/overwrite.ts'
import { downloadArchive } from '../../storage/download.ts'
import { createDumpTools, describeRun } from '../../wiring/dump-deps.ts'
import { requireTool } from '../../wiring/require-tool.ts'
import type { ToolSetting } from './plan-deps.ts'

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
  | 'freeze'
  | 'readInventory'
  | 'advanceNumbering'
  | 'readEnd'
  | 'startScript'
  | 'takeSafetyBackup'
>

/**
 * psql for the transaction, pg_dump for the safety backup, and what that must be able to read: better missed now than when writers
 * wait. Throws TOOL_MISSING, DATABASE_PRIVILEGES.
 */
export async function requireOverwriteTools(
  context: ActionContext,
  { inputs, pgRestore, signal }: ToolSetting,
  { versionNumber }: TargetFacts,
): Promise<void> {
  const psql = await requireTool(context, 'psql', pgRestore.version.major)
  // It has to know what pg_restore writes: \restrict came with a minor version (CVE-2025-8714).
  if (compareVersions(psql.version, pgRestore.version) < 0)
    throw new OperatorError(
      'TOOL_TOO_OLD',
      `Nothing was changed. psql ${renderVersion(psql.version)} is older than pg_restore ${renderVersion(pgRestore.version)}, whose script it has to run.`,
      { hint: 'Run setup-pg18 before this step: it brings both of one version.' },
    )
  if (inputs.skipSafetyBackup !== undefined) return
  await requireTool(context, 'pg_dump', fromVersionNumber(versionNumber).major)
  await using source = await openSource(withRestoreSettings(inputs.target, inputs.sessionSettings), signal)
  await source.refuseObstacles(EVERYTHING)
}

/** What overwriting needs beyond what the other modes do. */
export function createOverwriteTools(
  context: ActionContext,
  setting: ToolSetting,
  { target, env, archivePath, listPath }: TargetPlaces,
): Tools {
  const { inputs, pgRestore, signal } = setting
  return {
    begin: async () => {
      const { path } = await requireTool(context, 'psql', pgRestore.version.major)
      // What we write and read is UTF-8, whatever the database holds.
      return await beginTransaction({ psql: path, env: { ...env, PGCLIENTENCODING: 'UTF8' } })
    },
    freeze: (transaction, cut) =>
      clearingTheWay({ target, signal }, transaction, cut, timeoutMs =>
        transaction.run(lockAll('EXCLUSIVE', timeoutMs)),
      ),
    clear: (transaction, selection, cut, look) =>
      clearingTheWay({ target, signal }, transaction, cut, async timeoutMs => {
        const isRows = selection.of === 'rows'
        await transaction.run(
          isRows ? lockSome(selection.tables, timeoutMs) : lockAll('ACCESS EXCLUSIVE', timeoutMs),
        )
        await look()
        await transaction.run(isRows ? truncateSql(selection.tables) : EMPTY_DATABASE)
        await transaction.run('SET lock_timeout = 0;')
      }),
    readInventory: transaction => readInventory(sessionOf(transaction)),
    readUncommitted: (transaction, original, selection) =>
      readContent(sessionOf(transaction), original, selection.of === 'rows' ? selection.tables : undefined),
    advanceNumbering: (transaction, tables) => advanceNumbering(sessionOf(transaction), tables),
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
          ...(inputs.content === 'data' ? ['--data-only'] : []),
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

/** Gets its locks from whoever holds them: by ending those where that is allowed, by waiting a moment and naming them where not. */
async function clearingTheWay(
  { target, signal }: { readonly target: Connection; readonly signal: AbortSignal },
  { pid }: TargetTransaction,
  cut: Set<string> | undefined,
  work: (lockTimeoutMs: number) => Promise<void>,
): Promise<void> {
  await using session = await openSession(target, signal)
  await using ending = await openSession(target, signal)
  const done = namingBlockers(session, pid, work(cut === undefined ? LOCK_TIMEOUT_MS : CUT_TIMEOUT_MS))
  if (cut === undefined) return await done
  await whileTerminating(ending, target.database, [pid, session.pid], cut, done)
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
      run: describeRun(context.environment),
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
