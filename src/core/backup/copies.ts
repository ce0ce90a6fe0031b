import { OperatorError } from '../errors.ts'
import * as d from '../json/decode.ts'
import { code, literal } from '../text/markdown.ts'

/** What happens to the step when a copy fails. */
export const ON_COPY_FAILURE = ['warn', 'fail'] as const
export type OnCopyFailure = (typeof ON_COPY_FAILURE)[number]

export const backupCopy = d.object({
  /** `s3://bucket/prefix`. */
  destination: d.string,
  /** The address of its archive; null where the copy failed. */
  archiveUri: d.nullable(d.string),
  /** Why it failed; null where it exists. */
  problem: d.nullable(d.string),
})

/** What became of one copy of a backup. */
export type BackupCopy = d.Decoded<typeof backupCopy>

/** The output `copies`: the archives of those that exist, one per line. */
export function listCopies(copies: readonly BackupCopy[]): string {
  return copies.flatMap(({ archiveUri }) => archiveUri ?? []).join('\n')
}

/** The output `failed-copies`: destinations, one per line. */
export function listFailedCopies(copies: readonly BackupCopy[]): string {
  return failed(copies)
    .map(({ destination }) => destination)
    .join('\n')
}

/** The failure of a step that must have every copy; undefined where it has. */
export function copyFailure(
  backupId: string,
  copies: readonly BackupCopy[],
  onFailure: OnCopyFailure,
): OperatorError | undefined {
  const missing = failed(copies)
  if (onFailure === 'warn' || missing.length === 0) return undefined
  return new OperatorError(
    'COPY_FAILED',
    `The backup ${backupId} is good, but lacks a copy. ${missing.map(describeFailure).join(' ')}`,
    { hint: 'Repair what the message names, then run the step again: it makes a new backup and its copies.' },
  )
}

/** One failed copy in the words of a log. */
export function describeFailure({ destination, problem }: BackupCopy): string {
  return `No copy in ${destination}: ${problem ?? ''}`
}

/** Facts of a summary: where the copies are. */
export function copyFacts(copies: readonly BackupCopy[]): ReadonlyArray<readonly [string, string]> {
  return copies.flatMap(({ archiveUri }) =>
    archiveUri === null ? [] : [['Copy', code(archiveUri)] as const],
  )
}

/** Problems of a summary: which copies failed. */
export function copyProblems(copies: readonly BackupCopy[]): readonly string[] {
  return failed(copies).map(copy => `> ⚠️ ${literal(describeFailure(copy))}`)
}

function failed(copies: readonly BackupCopy[]): readonly BackupCopy[] {
  return copies.filter(({ archiveUri }) => archiveUri === null)
}
