import { type Verdict, verdictOf } from '../core/check.ts'
import { errorMessage } from '../core/errors.ts'
import { quoteIdentifier } from '../core/identifier.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Selection } from '../core/restore-selection.ts'
import { awaitRestore } from './restore.ts'
import { checkRestored, type FillTools } from './restore-check.ts'
import type { RestoreProgress } from './restore-progress.ts'

/** What it takes to restore into a database of its own. */
export interface BesideTools extends FillTools {
  readonly createDatabase: (name: string) => Promise<readonly string[]>
  /** Says in the database's comment what it is; from then on no clean-up touches it. */
  readonly finishDatabase: (name: string, comment: string) => Promise<void>
  /** False where it is there and finished: then it stays. */
  readonly dropDatabase: (name: string) => Promise<boolean>
  /** Told the name before the database is made, and null when nothing is left to clean up. */
  readonly remember: (name: string | null) => void
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
 * database that is as it should be; it sees to the comment itself.
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
  await log.group(`Create the database ${name}`, async () => {
    tools.remember(name)
    undo.defer(() => dropUnfinished(name, tools))
    for (const note of await tools.createDatabase(name)) log.info(note)
  })
  progress.restoreMs = await log.group('Restore', async () => {
    await using running = await tools.startRestore(name)
    return await awaitRestore(running, tools.signal, tools)
  })
  await log.group('Check', () => checkRestored(request, tools, progress))
  const verdict = verdictOf(progress.checks)
  progress.restoredTo = name
  if (verdict === 'fail' || use === undefined)
    await tools.finishDatabase(name, restoredComment(manifest, verdict))
  else await use()
  undo.move()
  tools.remember(null)
  return verdict
}

/** What the comment of a database says that a restore has finished. */
export function restoredComment({ backup }: Manifest, verdict: Verdict): string {
  const differs = verdict === 'fail' ? ', which differs from its manifest' : ''
  return `pg-runbook: restored from backup ${backup.id}${differs}`
}

/** Clean-up goes on after a cancellation; what cannot be dropped now is named, and left to the post step. */
async function dropUnfinished(name: string, tools: BesideTools): Promise<void> {
  try {
    if (await tools.dropDatabase(name)) tools.log.info(`The unfinished database ${name} is dropped.`)
    tools.remember(null)
  } catch (error) {
    tools.log.warning(
      `The unfinished database ${name} is still there (${errorMessage(error)}). If the end of this job does not remove it: DROP DATABASE ${quoteIdentifier(name)} WITH (FORCE);`,
    )
  }
}
