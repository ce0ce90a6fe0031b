import { drillPrefix, restorePrefix } from '../../core/backup/bucket-layout.ts'
import { parseDrillRecord } from '../../core/drill/drill-record.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { parseRestoreRecord } from '../../core/restore/restore-record.ts'
import type { RestoreScope } from '../../core/restore/restore-scope.ts'
import { renderSessionSetting, withSafePath } from '../../core/restore/session-settings.ts'
import { readArchiveToc } from '../../postgres/client-tools/archive-toc-file.ts'
import { readFreeBytes } from '../../postgres/install/disk-space.ts'
import { settingRefusal } from '../../postgres/session/driver-error.ts'
import { openSession } from '../../postgres/session/session.ts'
import { readUnpassable } from '../../postgres/target/database-settings.ts'
import { readTargetFacts } from '../../postgres/target/facts.ts'
import { readReferringTables } from '../../postgres/target/foreign-keys.ts'
import { readRowTriggers, readStaleViews } from '../../postgres/target/row-triggers.ts'
import { readUnstablePartitions } from '../../postgres/target/unstable-partitions.ts'
import type { ActionContext } from '../../runner/action.ts'
import { readNewest } from '../../steps/backups/past-records.ts'
import { refuseTier, renderSleep, requireAwake } from '../../steps/backups/require-awake.ts'
import type { PlanDeps } from '../../steps/restore/plan.ts'
import { downloadArchive } from '../../storage/download.ts'
import type { Store } from '../../storage/store.ts'
import { describeRun } from '../../wiring/dump-deps.ts'
import { createThawDeps } from '../../wiring/thaw-deps.ts'
import type { RestoreInputs } from './inputs.ts'
import { requireOverwriteTools } from './overwrite-tools.ts'
import { type RestoreRun, sortByForeignKeys } from './restore-run.ts'
import { selectTocEntries } from './select-toc-entries.ts'
import { noMaintenance } from './swap-deps.ts'

/** Records of a kind that an estimate looks at. */
const RECORDS_READ = 12

export function createPlanDeps(context: ActionContext, run: RestoreRun): PlanDeps {
  const { inputs, store, signal, directory, target, archivePath } = run
  return {
    store,
    log: context.log,
    now: () => new Date(),
    archivePath,
    disk: async () => ({ freeBytes: await readFreeBytes(directory), databaseBytes: 0 }),
    download: (archive, path, onBytes) => downloadArchive(store, archive, path, onBytes),
    // Without the settings: an old server refuses some of them, and must be refused by its version instead.
    readTarget: async () => {
      await using session = await openSession(withSafePath(inputs.target), signal)
      return await readTargetFacts(session, inputs.target, inputs.ownerRole)
    },
    refuseUnready: async (mode, facts) => {
      if (mode === 'swap' && run.maintenance === undefined) throw noMaintenance(inputs)
      if (mode === 'overwrite') await requireOverwriteTools(context, run, facts)
    },
    trySettings: () => trySettings(run),
    chooseEntries: async (scope, facts) =>
      selectTocEntries(run, await readArchiveToc(archivePath), await inRestoreOrder(run, scope), facts),
    readRowFacts: async tables => {
      await using session = await openSession(target, signal)
      return {
        triggers: await readRowTriggers(session, tables),
        staleViews: await readStaleViews(session, tables),
        unstablePartitions: await readUnstablePartitions(session, tables),
        referringTables: await readReferringTables(session, tables),
      }
    },
    readUnpassable: async () => {
      await using session = await openSession(target, signal)
      return await readUnpassable(session, inputs.target.database)
    },
    requireAwake: () => wake(context, run),
    readDrills: () => readRecords(store, drillPrefix(inputs.location), parseDrillRecord),
    readRestores: () => readRecords(store, restorePrefix(inputs.location), parseRestoreRecord),
  }
}

/** A dry run asks the store for nothing. */
async function wake({ environment }: ActionContext, run: RestoreRun): Promise<string | undefined> {
  const { inputs, store, manifest, nonce } = run
  const deps = createThawDeps(store)
  if (!inputs.dryRun) {
    const { thaw: tier, location } = inputs
    await requireAwake({ manifest, location, tier, nonce, run: describeRun(environment) }, deps)
    return undefined
  }
  const archive = await deps.findSleeping(manifest.object)
  if (archive === undefined) return undefined
  const uri = store.uri(archive.key)
  if (inputs.thaw !== undefined) refuseTier(uri, archive.storageClass, inputs.thaw)
  return renderSleep(uri, manifest, archive)
}

/** Rows that go into existing tables come in the order of their foreign keys. */
async function inRestoreOrder(run: RestoreRun, scope: RestoreScope): Promise<RestoreScope> {
  return scope.of === 'rows' ? { ...scope, tables: await sortByForeignKeys(run, scope.tables) } : scope
}

/**
 * Opens a session as all those that restore are opened. A server that refuses a session for an unknown
 * setting would otherwise look unreachable.
 */
async function trySettings({ target, inputs, signal }: RestoreRun): Promise<void> {
  try {
    await using _session = await openSession(target, signal)
  } catch (error) {
    const refusal = settingRefusal(error)
    if (refusal === undefined || inputs.sessionSettings.length === 0) throw error
    throw refusedSettings(inputs, refusal, error)
  }
}

function refusedSettings({ sessionSettings }: RestoreInputs, refusal: string, cause: unknown): OperatorError {
  return new OperatorError(
    'INVALID_INPUT',
    `session-settings: the server refused ${sessionSettings.map(renderSessionSetting).join(', ')}: ${refusal}. Nothing was changed.`,
    { hint: 'Custom settings need a prefix, such as app.allow_audit_purge.', cause },
  )
}

/**
 * The last records under a prefix. Unreadable ones are left out: an estimate decides nothing, and waits for
 * nothing.
 */
async function readRecords<T>(
  store: Store,
  prefix: string,
  parse: (json: string, key: string) => T,
): Promise<readonly T[]> {
  const leaveOut = (uri: string, error: unknown) => store.log.debug(`${uri}: ${errorMessage(error)}`)
  return (await readNewest(store, { prefix, parse }, RECORDS_READ, leaveOut)) ?? []
}
