import { withDatabase } from '../../core/pg/connection.ts'
import { readRestoredContent } from '../../postgres/catalog/content.ts'
import { readStructureChecks } from '../../postgres/catalog/structure.ts'
import { startRestore } from '../../postgres/client-tools/pg-restore.ts'
import { openSession } from '../../postgres/session/session.ts'
import { analyzeDatabase } from '../../postgres/target/new-database.ts'
import type { ActionContext } from '../../runner/action.ts'
import type { CheckDeps } from '../../steps/restore/check.ts'
import type { NewDatabaseDeps } from '../../steps/restore/into-new-database.ts'
import type { RestoreRun } from './restore-run.ts'

export function createCheckDeps({ log }: ActionContext, { target, signal }: RestoreRun): CheckDeps {
  return {
    now: () => new Date(),
    log,
    analyze: database => analyzeDatabase(target, database, signal),
    readContent: (database, original) =>
      readRestoredContent(withDatabase(target, database), original, signal),
    readStructure: async database => {
      await using session = await openSession(withDatabase(target, database), signal)
      return await readStructureChecks(session)
    },
  }
}

/** pg_restore of the chosen entries into a database, with parallel jobs. */
export function restoreStarter({
  inputs,
  pgRestore,
  archivePath,
  env,
  listPath,
}: RestoreRun): NewDatabaseDeps['startRestore'] {
  return async database =>
    startRestore({
      path: pgRestore.path,
      archive: archivePath,
      jobs: inputs.jobs,
      env: { ...env, PGDATABASE: database },
      grants: inputs.restoreGrants,
      args: [
        `--use-list=${listPath}`,
        ...(inputs.ownerRole === undefined ? [] : [`--role=${inputs.ownerRole}`]),
      ],
    })
}
