import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderUseList } from '../../core/backup/archive-toc.ts'
import { drillPrefix, restorePrefix } from '../../core/backup/bucket-layout.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { parseDrillRecord } from '../../core/drill/drill-record.ts'
import { OperatorError } from '../../core/errors.ts'
import { type Connection, withDatabase } from '../../core/pg/connection.ts'
import { inReferenceOrder } from '../../core/restore/foreign-key-order.ts'
import { parseRestoreRecord } from '../../core/restore/restore-record.ts'
import type { TableName } from '../../core/restore/selection.ts'
import {
  renderSessionSetting,
  withRestoreSettings,
  withSafePath,
} from '../../core/restore/session-settings.ts'
import { readRestoredContent } from '../../postgres/catalog/content.ts'
import { readStructureChecks } from '../../postgres/catalog/structure.ts'
import type { Tool } from '../../postgres/client-tools/find-tool.ts'
import { connectionEnvironment } from '../../postgres/client-tools/passfile.ts'
import { startRestore } from '../../postgres/client-tools/pg-restore.ts'
import { readFreeBytes } from '../../postgres/install/disk-space.ts'
import { settingRefusal } from '../../postgres/session/error-rules.ts'
import { openSession } from '../../postgres/session/session.ts'
import { readColumns } from '../../postgres/target/columns.ts'
import { readDatabaseShape } from '../../postgres/target/create-database.ts'
import { copyDatabaseSettings, readUnpassable } from '../../postgres/target/database-settings.ts'
import { readTargetFacts } from '../../postgres/target/facts.ts'
import { readReferences } from '../../postgres/target/foreign-keys.ts'
import {
  analyzeDatabase,
  createTargetDatabase,
  describeDatabase,
  dropUnfinishedDatabase,
} from '../../postgres/target/new-database.ts'
import { prepareForPartial } from '../../postgres/target/prepare-partial.ts'
import { findMaintenance, swapDatabases } from '../../postgres/target/swap.ts'
import type { ActionContext } from '../../runner/action.ts'
import type { PlanTools } from '../../steps/restore/plan.ts'
import type { DatabaseTools } from '../../steps/restore/restore.ts'
import { downloadArchive } from '../../storage/download.ts'
import type { Store } from '../../storage/store.ts'
import type { RestoreInputs } from './inputs.ts'
import { createOverwriteTools, requireOverwriteTools } from './overwrite-deps.ts'
import { choose } from './select-toc-entries.ts'
import { NEW_DATABASE } from './unfinished-database.ts'

/** Records of a kind that an estimate looks at. */
const RECORDS_READ = 12

export interface ToolSetting {
  readonly inputs: RestoreInputs
  readonly manifest: Manifest
  readonly store: Store
  readonly signal: AbortSignal
  /** Marks what this run makes. */
  readonly nonce: string
  /** Private, and removed afterwards. */
  readonly directory: string
  readonly pgRestore: Tool
}

/** What planning and restoring need from outside. */
export async function createRestoreTools(
  context: ActionContext,
  setting: ToolSetting,
): Promise<PlanTools & DatabaseTools> {
  const { inputs, manifest, store, signal, nonce, directory, pgRestore } = setting
  // Every session of ours and of the tools outlives the timeouts that the target's defaults may impose.
  const target = withRestoreSettings(inputs.target, inputs.sessionSettings)
  const archivePath = join(directory, 'archive.dump')
  const listPath = join(directory, 'entries.list')
  const env = await connectionEnvironment(target, directory, context.environment.variables)
  const other = await findMaintenance(withSafePath(inputs.target), [
    inputs.maintenanceDatabase,
    'postgres',
    'template1',
  ])
  const maintenance = other && withRestoreSettings(other, inputs.sessionSettings)
  // Rows come after those that they refer to, by the references of the database that they go into.
  const sort = async <T extends TableName>(tables: readonly T[]) => {
    await using session = await openSession(target, signal)
    return inReferenceOrder(tables, await readReferences(session, tables))
  }
  return {
    store,
    signal,
    log: context.log,
    now: () => new Date(),
    archivePath,
    pgRestore: pgRestore.version,
    disk: async () => ({ freeBytes: await readFreeBytes(directory), databaseBytes: 0 }),
    download: (archive, path, onBytes) => downloadArchive(store, archive, path, onBytes),
    // Without the settings: an old server refuses some of them, and shall be refused by its version.
    readTarget: async () => {
      await using session = await openSession(withSafePath(inputs.target), signal)
      return await readTargetFacts(session, inputs.target, inputs.ownerRole)
    },
    refuseUnready: async (mode, facts) => {
      if (mode === 'swap' && maintenance === undefined) throw noMaintenance(inputs)
      if (mode === 'overwrite') await requireOverwriteTools(context, setting, facts)
    },
    trySettings: () => trySettings(target, inputs, signal),
    chooseEntries: async (selection, facts) => {
      const sorted =
        selection.of === 'rows' ? { ...selection, tables: await sort(selection.tables) } : selection
      const chosen = await choose(setting, archivePath, env, sorted, facts)
      await writeFile(listPath, renderUseList(chosen.kept), { mode: 0o600 })
      return chosen
    },
    readUnpassable: async () => {
      await using session = await openSession(target, signal)
      return await readUnpassable(session, inputs.target.database)
    },
    readDrills: () => readRecords(store, drillPrefix(inputs.location), parseDrillRecord),
    readRestores: () => readRecords(store, restorePrefix(inputs.location), parseRestoreRecord),
    remember: name => context.state.save(NEW_DATABASE, name === null ? null : { name, nonce }),
    createDatabase: async (name, claim) => {
      await using session = await openSession(target, signal)
      const like =
        inputs.mode === 'swap' ? await readDatabaseShape(session, inputs.target.database) : manifest.server
      const database = { name, nonce, like, owner: inputs.ownerRole, backupId: manifest.backup.id }
      const notes = await createTargetDatabase(session, database, claim)
      await prepareForPartial(manifest, withDatabase(target, name), {
        signal,
        log: context.log,
        role: inputs.ownerRole,
      })
      return notes
    },
    readColumns: async (database, tables) => {
      await using session = await openSession(withDatabase(target, database), signal)
      return await sort(await readColumns(session, tables))
    },
    // Also after a cancellation: what was restored must not lose its name, nor what was not restored stay.
    finishDatabase: async (name, comment) => {
      await using session = await openSession(target)
      await describeDatabase(session, name, comment)
    },
    dropDatabase: name => dropUnfinishedDatabase(target, name, nonce),
    startRestore: async database => {
      const args = [
        `--use-list=${listPath}`,
        ...(inputs.ownerRole === undefined ? [] : [`--role=${inputs.ownerRole}`]),
      ]
      return startRestore({
        path: pgRestore.path,
        archive: archivePath,
        jobs: inputs.jobs,
        env: { ...env, PGDATABASE: database },
        grants: inputs.restoreGrants,
        args,
      })
    },
    analyze: database => analyzeDatabase(target, database, signal),
    readContent: (database, original) =>
      readRestoredContent(withDatabase(target, database), original, signal),
    readStructure: async database => {
      await using session = await openSession(withDatabase(target, database), signal)
      return await readStructureChecks(session)
    },
    copySettings: async (from, to) => {
      await using session = await openSession(maintenance ?? target, signal)
      return await copyDatabaseSettings(session, from, to)
    },
    swap: names => {
      if (maintenance === undefined) throw noMaintenance(inputs)
      return swapDatabases(maintenance, names, signal)
    },
    ...createOverwriteTools(context, setting, { target, env, archivePath, listPath }),
  }
}

/**
 * Opens a session as all those that restore are opened. A server refuses a session for a setting that it does not know, and that
 * would look as if it could not be reached.
 */
async function trySettings(
  target: Connection,
  { sessionSettings }: RestoreInputs,
  signal: AbortSignal,
): Promise<void> {
  try {
    await using _session = await openSession(target, signal)
  } catch (error) {
    const refusal = settingRefusal(error)
    if (refusal === undefined || sessionSettings.length === 0) throw error
    throw new OperatorError(
      'INVALID_INPUT',
      `session-settings: the server says: ${refusal}. Nothing was changed.`,
      {
        hint: `Given are ${sessionSettings.map(renderSessionSetting).join(', ')}. A setting of your own has a dot in its name, as logi.allow_audit_purge has.`,
        cause: error,
      },
    )
  }
}

function noMaintenance({ target, maintenanceDatabase }: RestoreInputs): OperatorError {
  return new OperatorError(
    'TARGET_UNFIT',
    `Nothing was changed. Renaming ${target.database} needs a connection to another database of the server, and none of ${maintenanceDatabase}, postgres, template1 lets ${target.user} in.`,
    { hint: 'Name one with maintenance-database, or use mode new-database.' },
  )
}

/** The last records under a prefix; what cannot be read is left out, because an estimate decides nothing. */
async function readRecords<T>(
  store: Store,
  prefix: string,
  parse: (json: string, key: string) => T,
): Promise<readonly T[]> {
  const keys = (await store.list(prefix)).slice(-RECORDS_READ)
  const records = keys.map(async key => {
    try {
      return [parse(await store.getText(key), key)]
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      return []
    }
  })
  return (await Promise.all(records)).flat()
}
