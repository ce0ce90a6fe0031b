import { setTimeout as sleep } from 'node:timers/promises'

/** A beat that fails says that the transaction is lost: that is the error, whatever comes of the work. */
export async function keepAlive<T>(
  beat: () => Promise<unknown>,
  intervalMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const beating = (async () => {
    while (!over.signal.aborted) {
      await sleep(intervalMs, undefined, { signal: over.signal }).catch(() => {})
      await beat()
    }
  })()
  beating.catch(() => {})
  try {
    const result = await Promise.race([work(), beating.then(() => new Promise<never>(() => {}))])
    over.abort()
    await beating
    return result
  } finally {
    over.abort()
  }
}
