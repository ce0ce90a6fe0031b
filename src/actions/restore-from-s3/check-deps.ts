import { withDatabase } from '../../core/pg/connection.ts'
import { readRestoredContent } from '../../postgres/catalog/content.ts'
import { readStructureChecks } from '../../postgres/catalog/structure.ts'
import { openSession } from '../../postgres/session/session.ts'
import type { RestoredRights } from '../../postgres/target/definer-rights.ts'
import { analyzeDatabase } from '../../postgres/target/new-database.ts'
import type { ActionContext } from '../../runner/action.ts'
import type { CheckDeps } from '../../steps/restore/check.ts'
import type { FillTargetDeps } from '../../steps/restore/fill-target.ts'
import type { NewDatabaseDeps } from '../../steps/restore/into-new-database.ts'
import type { RestorePlan } from '../../steps/restore/plan.ts'
import { createPassDeps, type FillPlace } from '../../wiring/pass-deps.ts'
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

/** What decides which rights a restored database may keep. */
export function restoredRights(
  { inputs, manifest }: RestoreRun,
  { entries, facts: { systemIdentifier } }: RestorePlan,
): RestoredRights {
  return {
    entries: entries.kept,
    restoresGrants: inputs.restoreGrants,
    isSameSystem: systemIdentifier !== null && systemIdentifier === manifest.server.systemIdentifier,
  }
}

/** What the passes of a restore are carried out with; they go to the database that `connectionOf` names. */
export function fillPlace(
  { environment }: ActionContext,
  { inputs, pgRestore, archivePath, directory, signal }: RestoreRun,
): Omit<FillPlace, 'connectionOf'> {
  return {
    pgRestore: pgRestore.path,
    archive: archivePath,
    directory,
    jobs: inputs.jobs,
    signal,
    variables: environment.variables,
    ownerRole: inputs.ownerRole,
    grants: inputs.restoreGrants,
    handOver: async () => {},
  }
}

export function createFillDeps(
  context: ActionContext,
  run: RestoreRun,
): FillTargetDeps & Pick<NewDatabaseDeps, 'passesFor'> {
  const { inputs, signal, target } = run
  return {
    signal,
    now: () => new Date(),
    log: context.log,
    owner: inputs.ownerRole,
    passFacts: {
      hasSuperuser: false,
      grants: inputs.restoreGrants,
      skipEventTriggers: false,
      skipForeignServers: false,
    },
    passesFor: database =>
      createPassDeps({ ...fillPlace(context, run), connectionOf: () => withDatabase(target, database) }),
  }
}
