import type { Log } from '../../../src/core/log.ts'

/** For what has to log and has nothing to say here. */
export const silentLog: Log = {
  info: () => undefined,
  debug: () => undefined,
  warning: () => undefined,
  group: (_title, work) => work(),
}

/** A log that remembers. */
export function rememberingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  return {
    lines,
    info: text => void lines.push(text),
    debug: () => undefined,
    warning: text => void lines.push(`warning: ${text}`),
    group: (_title, work) => work(),
  }
}
