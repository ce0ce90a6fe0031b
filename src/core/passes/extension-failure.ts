import type { ArchiveEntry } from '../backup/archive-toc.ts'
import { type ErrorCode, OperatorError } from '../errors.ts'
import { renderSome } from '../text/counts.ts'
import { adviseOnExtension } from './extension-packages.ts'
import { entriesThatNeed } from './extensions.ts'
import type { LeftOut } from './pass.ts'

/** Ways in which a server refuses an extension, by what it says, and what helps. */
const REASONS: ReadonlyArray<readonly [pattern: RegExp, advice: (name: string) => string]> = [
  [
    /can only create extension in database|cron\.database_name/,
    name =>
      `${name} can be in one database of a server only (for pg_cron: cron.database_name). Restore with mode overwrite into that database, or leave ${name} out`,
  ],
  [/preload/, name => `Add ${name} to shared_preload_libraries of the server, and restart it`],
  [
    /permission denied|must be superuser/,
    name => `Only a superuser, or a way of the provider’s own, can make ${name}: ask the provider`,
  ],
  [/./, name => `Install ${name} where the server is: ${adviseOnExtension(name)}`],
]

/** What to do about an extension that a server did not make. */
export function adviseOnFailure({ entry, why }: Pick<LeftOut, 'entry' | 'why'>): string {
  const [, advise] = REASONS.find(([pattern]) => pattern.test(why)) ?? []
  return advise?.(entry.name) ?? ''
}

/**
 * Throws where an extension that could not be made is needed by something else in the archive. The others
 * can be left out: nothing in the archive depends on them.
 */
export function refuseNeeded(
  failed: readonly LeftOut[],
  entries: readonly ArchiveEntry[],
  code: ErrorCode,
): void {
  for (const { entry, why, what } of failed) {
    const needing = entriesThatNeed(entry, entries)
    if (needing.length === 0) continue
    const names = renderSome(needing.map(({ kind, name }) => `${kind.toLowerCase()} ${name}`))
    throw new OperatorError(code, `The server cannot make the ${what}, which the backup needs: ${why}.`, {
      hint: `${adviseOnFailure({ entry, why })}. Needed by ${names}. ${code === 'TARGET_UNFIT' ? IN_PLACE : BY_SCRATCH_URL} The backup is not at fault.`,
    })
  }
}

const IN_PLACE = 'restore-from-s3 in mode overwrite keeps the extensions that are there.'

const BY_SCRATCH_URL = 'For a drill, a server that has it can be given by scratch-url.'
