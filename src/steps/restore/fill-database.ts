import type { ArchiveEntry } from '../../core/backup/archive-toc.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { excuseByExtensions, excuseByLocale } from '../../core/passes/excuses.ts'
import { adviseOnFailure, refuseNeeded } from '../../core/passes/extension-failure.ts'
import { entriesThatGoWith, rowsOfExtensions } from '../../core/passes/extensions.ts'
import type { Attempt, BulkPass, LeftOut, PassFacts } from '../../core/passes/pass.ts'
import { type PassPlan, planPasses } from '../../core/passes/plan-passes.ts'
import { planPrerequisites } from '../../core/passes/plan-prerequisites.ts'
import { rowSettings, type ViewSetting } from '../../core/passes/view-settings.ts'
import { renderAmount } from '../../core/text/counts.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { RunningRestore } from '../../postgres/client-tools/pg-restore.ts'
import { awaitRestore } from '../backups/fetch-archive.ts'

interface FillRequest {
  /** What of the archive is restored. */
  readonly entries: readonly ArchiveEntry[]
  readonly facts: PassFacts
  /** Who is to own the schemas that extensions are in; undefined is the role that restores. */
  readonly owner: string | undefined
  /** The code of the error when the server lacks an extension that the backup needs. */
  readonly unfit: ErrorCode
  /** Which locale of the source the server lacks, as a sentence. */
  readonly missingLocale: string | undefined
}

/** What it takes to carry out the passes in one database. */
export interface PassDeps {
  /** Settings that the server refuses are left out. */
  readonly startPass: (pass: BulkPass, settings: readonly ViewSetting[]) => Promise<RunningRestore>
  /** Tries each; those of one list may run side by side. Returns those that failed. */
  readonly attempt: (attempts: readonly Attempt[]) => Promise<readonly LeftOut[]>
  /** Lets the owner of the database use what the superuser has made in it. */
  readonly handOver: () => Promise<void>
  /** Those entries whose tables, made by extensions, may not be written. */
  readonly readUnwritable: (rows: readonly ArchiveEntry[]) => Promise<readonly ArchiveEntry[]>
}

interface FillDeps extends PassDeps {
  readonly signal: AbortSignal
  readonly now: () => Date
  readonly log: Log
}

interface Filled {
  readonly restoreMs: number
  readonly leftOut: readonly LeftOut[]
}

/**
 * Fills an empty database from an archive, pass by pass. Only what is about the archive ends it; what a
 * server lacks is left out and returned. Throws `unfit` where something else in the archive needs that.
 */
export async function fillDatabase(request: FillRequest, deps: FillDeps): Promise<Filled> {
  const { log, now } = deps
  const startedAt = now().getTime()
  const leftOut = [...(await makePrerequisites(request, deps))]
  const without = new Set(leftOut.map(({ entry }) => entry.id))
  const plan = planPasses(request.entries, request.facts, without)
  leftOut.push(...plan.leftOut)
  const settings = rowSettings(request.facts.viewSettings)
  try {
    await runBulk([...plan.before, ...plan.after], settings, deps)
    await runAttempts(plan, deps, leftOut)
    await runBulk(plan.last, settings, deps)
  } catch (error) {
    throw excuseByLocale(excuseByExtensions(error, leftOut), request.missingLocale)
  }
  for (const { what, why } of leftOut) log.info(`Left out: ${what}: ${why}.`)
  const restoreMs = now().getTime() - startedAt
  log.info(`Restored in ${renderDuration(restoreMs)}.`)
  return { restoreMs, leftOut }
}

/**
 * Extensions, and what goes with those that could not be made; rows of extensions that may not be written.
 */
async function makePrerequisites(
  { entries, facts, owner, unfit }: FillRequest,
  deps: FillDeps,
): Promise<readonly LeftOut[]> {
  const attempts = planPrerequisites(entries, facts, owner)
  const failed = attempts.length === 0 ? [] : await deps.attempt(attempts)
  refuseNeeded(failed, entries, unfit)
  await deps.handOver()
  const gone = failed.flatMap(({ entry, what }) =>
    entriesThatGoWith(entry, entries).map(other => leaveOut(other, `it belongs to the ${what}`)),
  )
  const goneIds = new Set(gone.map(({ entry }) => entry.id))
  const rows = rowsOfExtensions(entries).filter(({ id }) => !goneIds.has(id))
  const unwritable = rows.length === 0 ? [] : await deps.readUnwritable(rows)
  return [
    ...failed.map(left => ({ ...left, why: `${left.why}. ${adviseOnFailure(left)}` })),
    ...gone,
    ...unwritable.map(entry =>
      leaveOut(
        entry,
        'it belongs to an extension that is not there, or whose tables this role may not write',
      ),
    ),
  ]
}

function leaveOut(entry: ArchiveEntry, why: string): LeftOut {
  const name = entry.schema === null ? entry.name : `${entry.schema}.${entry.name}`
  return { what: `${entry.kind.toLowerCase()} ${name}`, why, entry }
}

async function runBulk(
  passes: readonly BulkPass[],
  settings: readonly ViewSetting[],
  deps: FillDeps,
): Promise<void> {
  for (const pass of passes) {
    deps.signal.throwIfAborted()
    const { name, role, entries } = pass
    const by = role === 'superuser' ? ', as superuser' : ''
    deps.log.info(`${capitalize(name)}: ${renderAmount(entries.length, 'entry', 'entries')}${by}.`)
    await using running = await deps.startPass(pass, role === 'owner' ? settings : [])
    await awaitRestore(running, deps.signal, deps)
    if (role === 'superuser') await deps.handOver()
  }
}

/** Materialised views in the order of their dependence, then comments, labels and grants that may fail. */
async function runAttempts(
  { views, decoration }: PassPlan,
  { attempt, signal }: FillDeps,
  leftOut: LeftOut[],
): Promise<void> {
  for (const attempts of [...views, decoration]) {
    signal.throwIfAborted()
    if (attempts.length > 0) leftOut.push(...(await attempt(attempts)))
  }
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
