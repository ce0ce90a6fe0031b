import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Repeats a statement until the work is done. If the statement fails, the transaction is lost, and that is
 * the error even if the work succeeds.
 */
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
