import * as core from '@actions/core'
import type { Log } from '../core/log.ts'
import { visible } from '../core/text/markdown.ts'
import { withoutSecrets } from './secrets.ts'

/** GitHub shows as many warnings of a step as annotations, and drops the others. */
const WARNINGS_KEPT = 10

/** The Log of a job: @actions/core, without secrets and with every line made harmless. */
export const actionsLog: Log = createLog()

function createLog(): Log {
  let warnings = 0
  const clean = (text: string) => harmless(withoutSecrets(text))
  const info = (text: string) => core.info(clean(text))
  return {
    info,
    debug: text => core.debug(clean(text)),
    warning: text => {
      warnings += 1
      if (warnings <= WARNINGS_KEPT) core.warning(clean(text))
      else info(`Warning ${warnings}: ${text}`)
    },
    group: (title, work) => core.group(clean(title), work),
  }
}

/**
 * Makes text unable to command the runner. The runner obeys `::command::` at the start of a line and
 * `##[command]` anywhere in it, on both output streams, and a table name or a NOTICE can contain one.
 * A blank inside the marker keeps it readable. A character without width would not do: the runner's
 * comparison ignores those. Invisible characters become a replacement character.
 * Source: actions/runner src/Runner.Common/ActionCommand.cs.
 */
export function harmless(text: string): string {
  return visible(text)
    .replace(/^(\s*):(?=:)/gm, '$1: ')
    .replaceAll('##[', '## [')
}
