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
    const found = (page.Contents ?? []).flatMap(({ Key }) => Key ?? [])
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
/** How far back each look reaches. Behind the last one, one look takes the rest. */
const LOOK_DAYS = [2, 8, 32, 128, 512]

/**
 * See Store.newest. One page holds the history of most databases. Of a longer one, each batch is a window of time; keys
 * without an instant come with the last batch.
 */
export async function* listNewest(
  store: StoreConnection,
  prefix: string,
  { until, ...how }: NewestOptions,
): AsyncGenerator<readonly string[], void> {
  for await (const { keys, isLast } of listPages(store, prefix, how)) {
    if (!isLast) break
    return yield keys.toReversed()
  }
  const from = until ?? new Date()
  let before = until && `${prefix}${compactInstant(new Date(until.getTime() + 1000))}`
  for (const days of LOOK_DAYS) {
    const after = `${prefix}${compactInstant(new Date(from.getTime() - days * DAY_MS))}`
    yield (await listKeys(store, prefix, { ...how, after, ...bound(before) })).toReversed()
    before = after
  }
  yield (await listKeys(store, prefix, { ...how, ...bound(before) })).toReversed()
}

function bound(before: string | undefined): Pick<ListOptions, 'before'> {
  return before === undefined ? {} : { before }
}

function endless(store: StoreConnection, prefix: string): OperatorError {
  return new OperatorError(
    'STORE_FAILED',
    `The listing of ${store.uri(prefix)} does not end: the store gives the same page again.`,
    { hint: 'Report it to the provider of the store.' },
  )
}
