import type { ArchiveEntry } from '../../core/backup/archive-toc.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { type Verdict, verdictOf } from '../../core/checks/check.ts'
import { errorMessage } from '../../core/errors.ts'
import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import { printIdentifier } from '../../core/pg/quote.ts'
import type { TableColumns } from '../../core/restore/copy-back.ts'
import { holdsPart, type RestoreScope } from '../../core/restore/restore-scope.ts'
import type { Dropped } from '../../postgres/target/new-database.ts'
import { timedGroup } from '../timed-group.ts'
import { type CheckDeps, checkRestored } from './check.ts'
import type { PassDeps } from './fill-database.ts'
import { type FillTargetDeps, fillTarget } from './fill-target.ts'
import type { RestoreResult } from './result.ts'

export interface NewDatabaseDeps extends CheckDeps, FillTargetDeps {
  /**
   * `claim(true)` before the database is made, `claim(false)` when another restore took the name first.
   * Returns differences from the source.
   */
  readonly createDatabase: (name: string, claim: (isOurs: boolean) => void) => Promise<readonly string[]>
  /** The passes of a restore into this database. */
  readonly passesFor: (database: string) => PassDeps
  /**
   * Takes rights that the restore gave to more roles than the original. Returns what changed, as sentences.
   */
  readonly limitRights: (database: string) => Promise<readonly string[]>
  /** Lets in who may connect to the target database. */
  readonly openToOthers: (database: string) => Promise<readonly string[]>
  /** Replaces the comment that marks the database as unfinished: from then on no clean-up touches it. */
  readonly finishDatabase: (name: string, comment: string) => Promise<void>
  readonly dropDatabase: (name: string) => Promise<Dropped>
  /** Saves the name for the post phase before the database is made; null when nothing is left to clean up. */
  readonly remember: (name: string | null) => void
  /** The columns to copy rows of these tables by, or of all tables. */
  readonly readColumns: (
    database: string,
    tables: readonly QualifiedName[] | undefined,
  ) => Promise<readonly TableColumns[]>
}

interface NewDatabaseRequest {
  readonly manifest: Manifest
  readonly entries: readonly ArchiveEntry[]
  readonly scope: RestoreScope
  readonly restoredName: string
}

/**
 * Restores the downloaded archive into a new database and compares it with the manifest. A restore that fails
 * leaves no database; one that differs from its manifest leaves it for inspection.
 */
export async function restoreIntoNewDatabase(
  request: NewDatabaseRequest,
  deps: NewDatabaseDeps,
): Promise<Partial<RestoreResult>> {
  const { manifest, scope, restoredName: name } = request
  const { log } = deps
  await using undo = new AsyncDisposableStack()
  let isOurs = false
  undo.defer(() => (isOurs ? dropUnfinished(name, deps) : undefined))
  const notes = await timedGroup(deps, `Create the database ${name}`, () =>
    deps.createDatabase(name, claimed => {
      isOurs = claimed
      deps.remember(claimed ? name : null)
    }),
  )
  for (const note of notes) log.warning(note)
  log.info('Triggers are created after the rows, so no guard fires.')
  const filled = await timedGroup(deps, 'Restore', () =>
    fillTarget(request.entries, deps.passesFor(name), deps, notes),
  )
  const { unrestored } = filled
  const rights = await deps.limitRights(name)
  for (const note of rights) log.warning(note)
  const checked = await timedGroup(deps, 'Check', () =>
    checkRestored({ manifest, scope, name, entries: request.entries, unrestored }, deps),
  )
  const copyBack = holdsPart(manifest, scope) ? await deps.readColumns(name, tablesOf(scope)) : []
  // Before anything else is done with it: a whole database outlives any later failure.
  await deps.finishDatabase(name, restoredComment(manifest, verdictOf(checked.checks)))
  undo.move()
  const allNotes = [...filled.notes, ...rights]
  return { ...filled, ...checked, notes: allNotes, copyBack, restoredTo: name }
}

/** The structure alone has no rows to copy back; a partial backup has those of all its tables. */
function tablesOf(scope: RestoreScope): readonly QualifiedName[] | undefined {
  if (scope.of === 'everything') return undefined
  return scope.of === 'structure' ? [] : scope.tables
}

/** The comment of a database that a restore has finished. */
function restoredComment({ backup }: Manifest, verdict: Verdict): string {
  const differs = verdict === 'fail' ? ', which differs from its manifest' : ''
  return `pg-runbook: restored from backup ${backup.id}${differs}`
}

/** Runs after a cancellation too. What cannot be dropped now is named, and left to the post phase. */
async function dropUnfinished(name: string, deps: NewDatabaseDeps): Promise<void> {
  try {
    if ((await deps.dropDatabase(name)) === 'dropped')
      deps.log.info(`The unfinished database ${name} is dropped.`)
    deps.remember(null)
  } catch (error) {
    deps.log.warning(
      `The unfinished database ${name} is still there (${errorMessage(error)}). If the end of this job does not remove it: DROP DATABASE ${printIdentifier(name)};`,
    )
  }
}
