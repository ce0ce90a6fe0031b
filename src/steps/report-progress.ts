import type { Log } from '../core/log.ts'
import { renderBytes } from '../core/text/bytes.ts'
import { renderDuration } from '../core/text/duration.ts'

const INTERVAL_MS = 10_000

interface Progress {
  /** Bytes done so far; undefined where they are not counted. */
  readonly bytes: number | undefined
  /** What is being worked on, if known. */
  readonly table: string | undefined
}

/** Logs a line every ten seconds until disposed: a job log has no terminal for a progress bar. */
export function reportProgress(log: Log, now: () => Date, read: () => Progress): Disposable {
  const startedAt = now().getTime()
  let before = { bytes: 0, at: startedAt }
  const timer = setInterval(() => {
    const { bytes, table } = read()
    const at = now().getTime()
    const facts: string[] = []
    if (bytes !== undefined) {
      const rate = ((bytes - before.bytes) / Math.max(1, at - before.at)) * 1000
      facts.push(renderBytes(bytes), `${renderBytes(rate)}/s`)
      before = { bytes, at }
    }
    if (table !== undefined) facts.push(table)
    log.info(`  ${renderDuration(at - startedAt)}: ${facts.join(', ')}`)
  }, INTERVAL_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
