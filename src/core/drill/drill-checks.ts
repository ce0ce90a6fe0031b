import type { Manifest } from '../backup/manifest.ts'
import type { Check } from '../checks/check.ts'
import type { RestoredContent } from '../checks/compare-manifest.ts'
import type { OperatorError } from '../errors.ts'
import type { LeftOut } from '../passes/pass.ts'
import { renderName } from '../text/counts.ts'
import { renderDuration } from '../text/duration.ts'

/** Clocks of the server and of this machine differ by this much at most. */
const CLOCK_TOLERANCE_MS = 5 * 60_000

/**
 * RPO: an old latest backup means that backups are not being made, and that is a failed drill. Undefined
 * does not ask.
 */
export function ageChecks(snapshotAt: string, maxAgeMs: number | undefined, now: Date): readonly Check[] {
  if (maxAgeMs === undefined) return []
  const ageMs = now.getTime() - Date.parse(snapshotAt)
  const subject = {
    group: 'restore',
    name: 'age of the backup',
    expected: `at most ${renderDuration(maxAgeMs)}`,
  } as const
  if (ageMs < -CLOCK_TOLERANCE_MS) {
    const note = 'The clocks disagree, or the manifest was changed: the age of the backup is unknown.'
    return [{ ...subject, verdict: 'fail', found: `${renderDuration(-ageMs)} in the future`, note }]
  }
  const found = renderDuration(Math.max(0, ageMs))
  if (ageMs <= maxAgeMs) return [{ ...subject, verdict: 'pass', found, note: null }]
  const note = 'Backups are not being made as often as they should: look at the backup workflow.'
  return [{ ...subject, verdict: 'fail', found, note }]
}

/**
 * Newer backups that were skipped, so that the reader does not take the newest for the drilled one. The
 * drilled backup does not fail because of them.
 */
export function skippedBackupChecks(reasons: readonly string[]): readonly Check[] {
  return reasons.map(why => ({
    group: 'restore',
    name: 'newer backup',
    verdict: 'not-measured',
    expected: 'the newest backup is drilled',
    found: sentence(why),
    note: 'It was skipped, and an older backup was drilled.',
  }))
}

/** Where the scratch database could not be made like the source. */
export function scratchDifferenceCheck(note: string): Check {
  return {
    group: 'restore',
    name: 'scratch database',
    verdict: 'information',
    expected: 'made like the source',
    found: sentence(note),
    note: null,
  }
}

/** The check that the backup restores. */
export const RESTORE = { group: 'restore', name: 'restore', expected: 'the backup restores' } as const

export function restoredCheck({ tables }: Pick<RestoredContent, 'tables'>): Check {
  return { ...RESTORE, verdict: 'pass', found: `${tables.length} tables`, note: null }
}

/**
 * What an error of a restore says about the backup. Damage is proven by a hash, or because pg_restore
 * cannot read the archive. What the archive holds may keep it from being restored as it is. Anything else
 * proves nothing.
 */
export function restoreCheck({ code, message, hint, facts }: OperatorError): Check {
  const isDamage = code !== 'RESTORE_FAILED' || facts.blame === 'damage'
  const about = isDamage ? { ...RESTORE, name: ARCHIVE, expected: 'the archive is whole' } : RESTORE
  const verdict = isDamage || facts.blame === 'contents' ? 'fail' : 'not-measured'
  return { ...about, verdict, found: sentence(message), note: hint ?? null }
}

/** The check that says that the archive itself is damaged. */
const ARCHIVE = 'archive'

/** What the scratch server could not take. It is worth knowing, and proves nothing about the backup. */
export function leftOutChecks(leftOut: readonly LeftOut[]): readonly Check[] {
  return leftOut.map(({ what, why, entry }) => ({
    group: 'restore',
    name: what,
    verdict: entry.kind === 'COMMENT' || entry.kind.endsWith('ACL') ? 'information' : 'not-measured',
    expected: 'restored',
    found: 'left out',
    note: `${sentence(why)}.`,
  }))
}

/**
 * Findings in the structure that the source has too are no fault of the backup: a sequence behind its
 * column that stands where the manifest says. They stay to be read.
 */
export function downgradeKnownFindings(
  structure: readonly Check[],
  exact: readonly Check[],
  { fingerprint }: Manifest,
): readonly Check[] {
  const differing = new Set(exact.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name))
  const known = new Set(fingerprint.sequences.map(sequence => `sequence ${renderName(sequence)}`))
  return structure.map(check =>
    check.verdict === 'fail' && known.has(check.name) && !differing.has(check.name)
      ? { ...check, verdict: 'information', note: `As in the backup. ${check.note ?? ''}` }
      : check,
  )
}

const sentence = (text: string) => text.replace(/\.$/, '')
