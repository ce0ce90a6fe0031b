import type { Manifest } from '../../core/backup/manifest.ts'
import { type Verdict, verdictOf } from '../../core/checks/check.ts'
import { errorMessage } from '../../core/errors.ts'
import { quoteIdentifier } from '../../core/pg/quote.ts'
import type { TableColumns } from '../../core/restore/copy-back.ts'
import { holdsPart, type Selection, type TableName } from '../../core/restore/selection.ts'
import type { Dropped } from '../../postgres/target/new-database.ts'
import { awaitRestore } from '../backups/fetch-archive.ts'
import { timedGroup } from '../timed-group.ts'
import { checkRestored, type FillTools } from './check.ts'
import type { RestoreProgress } from './progress.ts'

/** What it takes to restore into a database of its own. */
export interface BesideTools extends FillTools {
  /** Says whether the database is ours before it is made, and again where somebody else was faster. Returns what differs from the source. */
  readonly createDatabase: (name: string, claim: (isOurs: boolean) => void) => Promise<readonly string[]>
  /** Says in the database's comment what it is; from then on no clean-up touches it. */
  readonly finishDatabase: (name: string, comment: string) => Promise<void>
  readonly dropDatabase: (name: string) => Promise<Dropped>
  /** Told the name before the database is made, and null when nothing is left to clean up. */
  readonly remember: (name: string | null) => void
  /** The columns to copy rows of these tables by, or of all of them. */
  readonly readColumns: (
    database: string,
    tables: readonly TableName[] | undefined,
  ) => Promise<readonly TableColumns[]>
}

export interface BesideRequest {
  readonly manifest: Manifest
  readonly selection: Selection
  /** The new database. */
  readonly name: string
}

/**
 * Restores the downloaded archive into a new database and compares it with the manifest. A restore that fails leaves no
 * database; one that brings back something else than the manifest says leaves it to be looked at. `use` is what happens to a
 * database that is as it should be.
 */
export async function restoreBeside(
  request: BesideRequest,
  tools: BesideTools,
  progress: RestoreProgress,
  use?: () => Promise<void>,
): Promise<Verdict> {
  const { manifest, name } = request
  const { log } = tools
  await using undo = new AsyncDisposableStack()
  let isOurs = false
  undo.defer(() => (isOurs ? dropUnfinished(name, tools) : undefined))
  await timedGroup(tools, `Create the database ${name}`, async () => {
    progress.notes = await tools.createDatabase(name, claimed => {
      isOurs = claimed
      tools.remember(claimed ? name : null)
    })
    for (const note of progress.notes) log.warning(note)
  })
  log.info(
    'Triggers are made after the rows: no guard (runbook §7) sees them, and session-settings are not needed for one.',
  )
  progress.restoreMs = await timedGroup(tools, 'Restore', async () => {
    await using running = await tools.startRestore(name)
    return await awaitRestore(running, tools.signal, tools)
  })
  await timedGroup(tools, 'Check', () => checkRestored(request, tools, progress))
  if (holdsPart(manifest, request.selection))
    progress.copyBack = await tools.readColumns(name, tablesOf(request.selection))
  const verdict = verdictOf(progress.checks)
  // Before anything is done with it: what is whole outlives whatever goes wrong from here on.
  await tools.finishDatabase(name, restoredComment(manifest, verdict))
  undo.move()
  progress.restoredTo = name
  if (verdict !== 'fail') await use?.()
  tools.remember(null)
  return verdict
}

/** The structure alone has no rows to copy back; a partial backup has those of all its tables. */
function tablesOf(selection: Selection): readonly TableName[] | undefined {
  if (selection.of === 'everything') return undefined
  return selection.of === 'structure' ? [] : selection.tables
}

/** What the comment of a database says that a restore has finished. */
function restoredComment({ backup }: Manifest, verdict: Verdict): string {
  const differs = verdict === 'fail' ? ', which differs from its manifest' : ''
  return `pg-runbook: restored from backup ${backup.id}${differs}`
}

/** Clean-up goes on after a cancellation; what cannot be dropped now is named, and left to the post step. */
async function dropUnfinished(name: string, tools: BesideTools): Promise<void> {
  try {
    if ((await tools.dropDatabase(name)) === 'dropped')
      tools.log.info(`The unfinished database ${name} is dropped.`)
    tools.remember(null)
  } catch (error) {
    tools.log.warning(
      `The unfinished database ${name} is still there (${errorMessage(error)}). If the end of this job does not remove it: DROP DATABASE ${quoteIdentifier(name)} WITH (FORCE);`,
    )
  }
}
