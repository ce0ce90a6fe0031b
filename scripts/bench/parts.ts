import type { StartedAction } from '../../test/support/runner.ts'

/** A stretch of a run. */
export interface Part {
  readonly name: string
  readonly seconds: number
}

/** A part of a run, and the line of the log that begins it; the first begins with the process. */
interface Mark {
  readonly part: string
  readonly begins?: RegExp
}

const RESTORE_MARKS: readonly Mark[] = [
  { part: 'structure and rows', begins: /^##\[group\]Restore$/m },
  { part: 'indexes and constraints', begins: /^Indexes and constraints:/m },
  { part: 'checks', begins: /^##\[group\]Check$/m },
  { part: 'record and summary', begins: /^\d+ of \d+ checks /m },
]

const MARKS: Readonly<Record<string, readonly Mark[]>> = {
  'dump-to-s3': [
    { part: 'before pg_dump' },
    { part: 'pg_dump, upload and row counts', begins: /^Snapshot .* tables locked/m },
    { part: 'after pg_dump', begins: /^pg_dump ended well/m },
  ],
  'verify-drill': [
    { part: 'start' },
    { part: 'scratch server', begins: /^##\[group\]Prepare a scratch database$/m },
    { part: 'download', begins: /^##\[group\]Download/m },
    ...RESTORE_MARKS,
  ],
  'restore-from-s3': [
    { part: 'start and target' },
    { part: 'download', begins: /^##\[group\]Download/m },
    { part: 'plan and new database', begins: /^Downloaded and verified/m },
    ...RESTORE_MARKS,
  ],
}

/** Longer than any run of a bench. */
const FOREVER_MS = 24 * 3_600_000

/** Looks at the clock whenever the log of an action comes to its next part. Call the result at its end. */
export function watchParts(action: string, started: StartedAction): () => readonly Part[] {
  const marks = MARKS[action] ?? []
  const startedAt = performance.now()
  const instants = marks.map(({ begins }) => (begins === undefined ? startedAt : Number.NaN))
  for (const [index, { begins }] of marks.entries()) {
    if (begins === undefined) continue
    const note = () => {
      instants[index] = performance.now()
    }
    // A part that never came is left out.
    started.waitForLog(begins, FOREVER_MS).then(note, () => undefined)
  }
  return () =>
    toParts(
      marks.map(({ part }, index) => [part, instants[index] ?? Number.NaN]),
      performance.now(),
    )
}

/** Each part lasts until the next one that came; those that never came have NaN for an instant. */
export function toParts(
  begun: readonly (readonly [name: string, atMs: number])[],
  endedAtMs: number,
): readonly Part[] {
  const came = begun.filter(([, atMs]) => !Number.isNaN(atMs))
  return came.map(([name, atMs], index) => {
    const [, untilMs] = came[index + 1] ?? ['', endedAtMs]
    return { name, seconds: (untilMs - atMs) / 1000 }
  })
}

/** `download 1.2 s, checks 0.3 s` */
export function renderParts(parts: readonly Part[]): string {
  return parts.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(', ')
}
