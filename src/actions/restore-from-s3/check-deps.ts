import type { ArchiveEntry } from '../../core/backup/archive-toc.ts'
import type { Check } from '../../core/checks/check.ts'
import { OperatorError } from '../../core/errors.ts'
import { viewSettings } from '../../core/passes/view-settings.ts'
import { withDatabase } from '../../core/pg/connection.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { readRestoredContent } from '../../postgres/catalog/content.ts'
import { readStructureChecks } from '../../postgres/catalog/structure.ts'
import { openSession } from '../../postgres/session/session.ts'
import { compareArchiveRows } from '../../postgres/target/compare-rows.ts'
import type { RestoredRights } from '../../postgres/target/definer-rights.ts'
import { hasLaterWrites, type TransactionRange } from '../../postgres/target/later-writes.ts'
import { analyzeDatabase } from '../../postgres/target/new-database.ts'
import type { ActionContext } from '../../runner/action.ts'
import { withDeadline } from '../../runner/deadline.ts'
import type { CheckDeps } from '../../steps/restore/check.ts'
import type { FillTargetDeps } from '../../steps/restore/fill-target.ts'
import type { NewDatabaseDeps } from '../../steps/restore/into-new-database.ts'
import type { RestorePlan } from '../../steps/restore/plan.ts'
import { createPassDeps, type FillPlace } from '../../wiring/pass-deps.ts'
import { requireTool } from '../../wiring/require-tool.ts'
import type { RestoreRun } from './restore-run.ts'

export function createCheckDeps(context: ActionContext, run: RestoreRun): CheckDeps {
  const { target, signal } = run
  return {
    now: () => new Date(),
    log: context.log,
    signal,
    analyze: async database => {
      const why = await analyzeDatabase(target, database, signal)
      if (why !== undefined)
        context.log.warning(`Some tables have no statistics yet: ${why} Run ANALYZE on them.`)
    },
    readContent: (database, original) =>
      readRestoredContent(withDatabase(target, database), original, signal),
    compareRows: (...question) => compareRows(context, run, ...question),
    readStructure: async database => {
      await using session = await openSession(withDatabase(target, database), signal)
      return await readStructureChecks(session)
    },
  }
}

/** A restore that has succeeded must not run out of time because its rows are compared. */
const SHARE_OF_TIME_LEFT = 1 / 2

/** Throws TIMED_OUT after half of the time that is left, and what compareArchiveRows throws. */
async function compareRows(
  context: ActionContext,
  run: RestoreRun,
  database: string,
  entries: readonly ArchiveEntry[],
  writtenBy: TransactionRange | null,
): Promise<readonly Check[]> {
  const { target, pgRestore, archivePath, directory, manifest, signal, endsAt } = run
  const psql = await requireTool(context, 'psql', pgRestore.version.major)
  const timeoutMs = Math.max(0, Math.floor((endsAt.getTime() - Date.now()) * SHARE_OF_TIME_LEFT))
  const limited = withDeadline(signal, timeoutMs)
  const connection = withDatabase(target, database)
  try {
    return await compareArchiveRows({
      pgRestore: pgRestore.path,
      psql: psql.path,
      archive: archivePath,
      entries,
      connection,
      directory,
      inherited: context.environment.variables,
      textSettings: manifest.archive.textSettings,
      readLaterWrites:
        writtenBy === null
          ? undefined
          : async table => {
              await using session = await openSession(connection, limited, 'reading')
              return await hasLaterWrites(session, table, writtenBy)
            },
      signal: limited,
    })
  } catch (error) {
    signal.throwIfAborted()
    throw limited.aborted ? outOfTime(timeoutMs) : error
  }
}

function outOfTime(timeoutMs: number): OperatorError {
  return new OperatorError(
    'TIMED_OUT',
    `The contents could not be compared within ${renderDuration(timeoutMs)}, half of the time that timeout left.`,
    { hint: 'Raise timeout. A drill of this backup compares every row, too.' },
  )
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
  { entries }: RestorePlan,
): FillTargetDeps & Pick<NewDatabaseDeps, 'passesFor'> {
  const { inputs, manifest, signal, target } = run
  return {
    signal,
    now: () => new Date(),
    log: context.log,
    owner: inputs.ownerRole,
    passFacts: {
      archiveBytes: manifest.object.bytes,
      hasSuperuser: false,
      grants: inputs.restoreGrants,
      skipEventTriggers: false,
      skipForeignServers: false,
      viewSettings: viewSettings(entries.databaseSettings),
    },
    passesFor: database =>
      createPassDeps({ ...fillPlace(context, run), connectionOf: () => withDatabase(target, database) }),
  }
}
