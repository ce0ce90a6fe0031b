import { withDatabase } from '../../core/pg/connection.ts'
import { openSession } from '../../postgres/session/session.ts'
import { readColumns } from '../../postgres/target/columns.ts'
import { readDatabaseLocale } from '../../postgres/target/create-database.ts'
import {
  createTargetDatabase,
  describeDatabase,
  dropUnfinishedDatabase,
} from '../../postgres/target/new-database.ts'
import { prepareForPartial } from '../../postgres/target/prepare-partial.ts'
import type { ActionContext } from '../../runner/action.ts'
import type { NewDatabaseDeps } from '../../steps/restore/into-new-database.ts'
import { createCheckDeps, createFillDeps } from './check-deps.ts'
import { type RestoreRun, sortByForeignKeys } from './restore-run.ts'
import { NEW_DATABASE } from './unfinished-database.ts'

export function createNewDatabaseDeps(context: ActionContext, run: RestoreRun): NewDatabaseDeps {
  const { target, signal, nonce } = run
  return {
    ...createCheckDeps(context, run),
    ...createFillDeps(context, run),
    remember: name => context.state.save(NEW_DATABASE, name === null ? null : { name, nonce }),
    createDatabase: (name, claim) => createDatabase(context, run, name, claim),
    readColumns: async (database, tables) => {
      await using session = await openSession(withDatabase(target, database), signal)
      return await sortByForeignKeys(run, await readColumns(session, tables))
    },
    // Without the signal: after a cancellation, a whole database must keep its name and an unfinished one must go.
    finishDatabase: async (name, comment) => {
      await using session = await openSession(target)
      await describeDatabase(session, name, comment)
    },
    dropDatabase: name => dropUnfinishedDatabase(target, name, nonce),
  }
}

/** Swap replaces the old database, so the new one takes its locale; otherwise it takes the one of the backup. */
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
