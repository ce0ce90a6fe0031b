import type { Log } from '../core/log.ts'
import { renderDuration } from '../core/text/duration.ts'

/** A group of the log that ends with its duration, after a failure too: in an incident, operators need it. */
export async function timedGroup<T>(
  { log, now }: { readonly log: Log; readonly now: () => Date },
  title: string,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = now().getTime()
  return await log.group(title, async () => {
    try {
      return await work()
    } finally {
      log.info(`${title}: ${renderDuration(now().getTime() - startedAt)}.`)
    }
  })
}
