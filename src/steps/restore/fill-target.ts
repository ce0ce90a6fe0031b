import type { ArchiveEntry } from '../../core/backup/archive-toc.ts'
import type { Log } from '../../core/log.ts'
import type { PassFacts } from '../../core/passes/pass.ts'
import { fillDatabase, type PassDeps } from './fill-database.ts'
import type { RestoreResult } from './result.ts'

/** What the passes of a restore go by on a real target. */
export interface FillTargetDeps {
  readonly passFacts: PassFacts
  /** The role that is to own what is restored; undefined is the role of the connection. */
  readonly owner: string | undefined
  readonly signal: AbortSignal
  readonly now: () => Date
  readonly log: Log
}

type FilledTarget = Pick<RestoreResult, 'notes' | 'unrestored'> & { readonly restoreMs: number }

/** Fills a database pass by pass. `notes` so far come back with what the server could not take. */
export async function fillTarget(
  entries: readonly ArchiveEntry[],
  passes: PassDeps,
  { passFacts, owner, ...deps }: FillTargetDeps,
  notes: readonly string[],
): Promise<FilledTarget> {
  const missingLocale = notes.find(note => note.includes('locale'))
  const { restoreMs, leftOut } = await fillDatabase(
    { entries, facts: passFacts, owner, unfit: 'TARGET_UNFIT', missingLocale },
    { ...passes, signal: deps.signal, now: deps.now, log: deps.log },
  )
  const sentences = leftOut.map(({ what, why }) => `Left out: ${what}: ${why.replace(/\.$/, '')}.`)
  for (const sentence of sentences) deps.log.warning(sentence)
  return { restoreMs, unrestored: leftOut, notes: [...notes, ...sentences] }
}
