import { renderSome } from '../text/counts.ts'

/** A recorded migration; `order` says when it was recorded, by a number or by a text that sorts by time. */
interface RecordedMigration {
  readonly id: string
  readonly order: string | null | undefined
}

/**
 * Doubt where what was recorded last has no file: then the project is older than the database, or its
 * living migrations are in another folder. Recorded last, not named last: a squash sorts first by name.
 */
export function describeMissingNewest(
  recorded: readonly RecordedMigration[],
  hasFile: (id: string) => boolean,
): string | undefined {
  const newest = recordedLast(recorded)
  const missing = newest.filter(({ id }) => !hasFile(id)).map(({ id }) => id)
  if (missing.length === 0) return undefined
  return `The newest applied migration is not in the project: ${renderSome(missing, 5)}. The project is older than the database, or the migrations are in another folder: deploy the newer commit, or set project.`
}

/** Several where they were recorded at the same time. */
function recordedLast(recorded: readonly RecordedMigration[]): readonly RecordedMigration[] {
  let last: RecordedMigration[] = []
  for (const row of recorded) {
    const order = last[0] === undefined ? 1 : compareOrders(row.order, last[0].order)
    if (order > 0) last = [row]
    else if (order === 0) last.push(row)
  }
  return last
}

/** Numbers as numbers, other texts as texts; what has no order was recorded first. */
function compareOrders(a: string | null | undefined, b: string | null | undefined): number {
  const [left, right] = [a ?? '', b ?? '']
  if (/^\d+$/.test(left) && /^\d+$/.test(right)) return Number(BigInt(left) - BigInt(right))
  return left === right ? 0 : left < right ? -1 : 1
}
