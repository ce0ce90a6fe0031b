import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { compactInstant } from '../core/backup/backup-id.ts'
import { OperatorError } from '../core/errors.ts'
import type { SendOptions, StoreConnection } from './connection.ts'

export interface ListOptions extends SendOptions {
  /** Only keys that sort behind this one. */
  readonly after?: string
  /** Only keys that sort before this one. */
  readonly before?: string
}

interface Page {
  readonly keys: readonly string[]
  readonly isLast: boolean
}

/** Keys below a prefix, in order. */
export async function listKeys(
  store: StoreConnection,
  prefix: string,
  options: ListOptions,
): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const page of listPages(store, prefix, options)) keys.push(...page.keys)
  return keys
}

async function* listPages(
  store: StoreConnection,
  prefix: string,
  { after, before, ...how }: ListOptions,
): AsyncGenerator<Page, void> {
  let token: string | undefined
  do {
    const input = {
      Bucket: store.bucket,
      Prefix: prefix,
      ...(after !== undefined && { StartAfter: after }),
      ...(token !== undefined && { ContinuationToken: token }),
    }
    const page = await store.send(
      `list ${prefix}`,
      (client, options) => client.send(new ListObjectsV2Command(input), options),
      how,
    )
    // A store that answers with keys of others must not have them read, or deleted.
    const found = (page.Contents ?? []).flatMap(({ Key }) => (Key?.startsWith(prefix) ? Key : []))
    const next = page.NextContinuationToken
    if (next !== undefined && next === token) throw endless(store, prefix)
    const isLast = next === undefined || (before !== undefined && (found.at(-1) ?? '') >= before)
    token = isLast ? undefined : next
    // A store may not know StartAfter.
    const isWanted = (key: string) =>
      (after === undefined || key > after) && (before === undefined || key < before)
    yield { keys: found.filter(isWanted), isLast }
  } while (token !== undefined)
}

export interface NewestOptions extends SendOptions {
  /** Nothing later is wanted. */
  readonly until?: Date
}

const DAY_MS = 86_400_000
/**
 * The first look: what is wanted is rarely older, and a page of 1,000 keys holds an hourly history of that
 * length.
 */
const FIRST_LOOK_DAYS = 32
/** Further looks into a history that is longer than a page. Behind the last one, one look takes the rest. */
const FURTHER_LOOK_DAYS = [128, 512]
/** Of a month with more keys than a page, the first look is at about so many. */
const NARROW_LOOK_KEYS = 500

/**
 * See Store.newest. Each batch is a window of time: the last month, and further back only for a reader that
 * wants more. Keys without an instant come with the last batch.
 */
export async function* listNewest(
  store: StoreConnection,
  prefix: string,
  { until, ...how }: NewestOptions,
): AsyncGenerator<readonly string[], void> {
  const from = until ?? new Date()
  const keyAt = (days: number) => `${prefix}${compactInstant(new Date(from.getTime() - days * DAY_MS))}`
  const look = async (after: string | undefined, before: string | undefined) =>
    (await listKeys(store, prefix, { ...how, ...bounds(after, before) })).toReversed()
  // The instant in a key is to the second, and the limit belongs to the window.
  const end = until && keyAt(-1000 / DAY_MS)
  const month = keyAt(FIRST_LOOK_DAYS)
  const page = await readPage(store, prefix, { ...how, ...bounds(month, end) })
  if (page.isLast) yield page.keys.toReversed()
  else {
    const middle = keyAt(daysOf(NARROW_LOOK_KEYS, page.keys))
    yield await look(middle, end)
    yield await look(month, middle)
  }
  const oldest = await readPage(store, prefix, { ...how, before: month })
  if (oldest.isLast) return yield oldest.keys.toReversed()
  let before = month
  for (const days of FURTHER_LOOK_DAYS) {
    yield await look(keyAt(days), before)
    before = keyAt(days)
  }
  yield await look(undefined, before)
}

async function readPage(store: StoreConnection, prefix: string, options: ListOptions): Promise<Page> {
  for await (const page of listPages(store, prefix, options)) return page
  throw new Error('A listing without a page')
}

/** How long it took for so many keys to come together, as far as these tell. */
function daysOf(count: number, keys: readonly string[]): number {
  const [first, last] = [keys.at(0), keys.at(-1)].map(key => {
    const match = /\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z[^/]*$/.exec(key ?? '')
    const [year, month, day, hour, minute, second] = (match ?? []).slice(1).map(Number)
    return Date.UTC(year ?? Number.NaN, (month ?? 1) - 1, day, hour, minute, second)
  })
  const days = (((last ?? Number.NaN) - (first ?? Number.NaN)) / DAY_MS / keys.length) * count
  return days > 0 ? Math.min(days, FIRST_LOOK_DAYS) : FIRST_LOOK_DAYS
}

function bounds(
  after: string | undefined,
  before: string | undefined,
): Pick<ListOptions, 'after' | 'before'> {
  return { ...(after !== undefined && { after }), ...(before !== undefined && { before }) }
}

function endless(store: StoreConnection, prefix: string): OperatorError {
  return new OperatorError(
    'STORE_FAILED',
    `The listing of ${store.uri(prefix)} does not end: the store gives the same page again.`,
    { hint: 'Report it to the provider of the store.' },
  )
}
