import { withDatabase } from '../../core/pg/connection.ts'
import { keyOf, type QualifiedName } from '../../core/pg/qualified-name.ts'
import type { TableColumns } from '../../core/restore/copy-back.ts'
import { openSession } from '../../postgres/session/session.ts'
import { readColumns } from '../../postgres/target/columns.ts'
import { readDatabaseLocale } from '../../postgres/target/create-database.ts'
import { copyConnectRights } from '../../postgres/target/database-settings.ts'
import { limitDefinerRights } from '../../postgres/target/definer-rights.ts'
import {
  createTargetDatabase,
  describeDatabase,
  dropUnfinishedDatabase,
} from '../../postgres/target/new-database.ts'
import { prepareForPartial } from '../../postgres/target/prepare-partial.ts'
import { readRowTriggers } from '../../postgres/target/row-triggers.ts'
import type { ActionContext } from '../../runner/action.ts'
import type { NewDatabaseDeps } from '../../steps/restore/into-new-database.ts'
import type { RestorePlan } from '../../steps/restore/plan.ts'
import { createCheckDeps, createFillDeps, restoredRights } from './check-deps.ts'
import { type RestoreRun, sortByForeignKeys } from './restore-run.ts'
import { NEW_DATABASE } from './unfinished-database.ts'

export function createNewDatabaseDeps(
  context: ActionContext,
  run: RestoreRun,
  plan: RestorePlan,
): NewDatabaseDeps {
  const { target, signal, nonce } = run
  return {
    ...createCheckDeps(context, run),
    ...createFillDeps(context, run, plan),
    remember: name => context.state.save(NEW_DATABASE, name === null ? null : { name, nonce }),
    createDatabase: (name, claim) => createDatabase(context, run, name, claim),
    limitRights: async database => {
      await using session = await openSession(withDatabase(target, database), signal)
      return await limitDefinerRights(session, restoredRights(run, plan))
    },
    openToOthers: async database => {
      await using session = await openSession(target, signal)
      return await copyConnectRights(session, run.inputs.target.database, database)
    },
    readColumns: (database, tables) => readCopyBackTables(run, database, tables),
    // Without the signal: after a cancellation, a whole database must keep its name and an unfinished one
    // must go.
    finishDatabase: async (name, comment) => {
      await using session = await openSession(target)
      await describeDatabase(session, name, comment)
    },
    dropDatabase: name => dropUnfinishedDatabase(target, name, nonce),
  }
}

/**
 * Swap replaces the old database, so the new one takes its locale; otherwise it takes the one of the backup.
 */
async function createDatabase(
  { log }: ActionContext,
  { inputs, manifest, target, signal, nonce }: RestoreRun,
  name: string,
  claim: (isOurs: boolean) => void,
): Promise<readonly string[]> {
  await using session = await openSession(target, signal)
  const like =
    inputs.mode === 'swap' ? await readDatabaseLocale(session, inputs.target.database) : manifest.server
  const database = { name, nonce, like, owner: inputs.ownerRole, backupId: manifest.backup.id }
  const notes = await createTargetDatabase(session, database, claim)
  await prepareForPartial(manifest, withDatabase(target, name), { signal, log, role: inputs.ownerRole })
  return notes
}

/** In the order of foreign keys, each with the triggers that its rows would fire in the target. */
async function readCopyBackTables(
  run: RestoreRun,
  database: string,
  tables: readonly QualifiedName[] | undefined,
): Promise<readonly TableColumns[]> {
  const { target, signal } = run
  await using restored = await openSession(withDatabase(target, database), signal)
  const sorted = await sortByForeignKeys(run, await readColumns(restored, tables))
  await using session = await openSession(target, signal)
  const triggers = await readRowTriggers(session, sorted)
  return sorted.map(table => ({
    ...table,
    insertTriggers: triggers
      .filter(trigger => keyOf(trigger.table) === keyOf(table) && trigger.firesOnInsert)
      .map(({ name }) => name),
  }))
}
