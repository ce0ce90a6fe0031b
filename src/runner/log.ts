import * as core from '@actions/core'
import type { Log } from '../core/log.ts'
import { visible } from '../core/text/markdown.ts'

/** GitHub shows as many warnings of a step as annotations, and drops the others. */
const WARNINGS_KEPT = 10

/** The Log of a job: @actions/core, with every line made harmless first. */
export const actionsLog: Log = createLog()

function createLog(): Log {
  let warnings = 0
  const info = (text: string) => core.info(harmless(text))
  return {
    info,
    debug: text => core.debug(harmless(text)),
    warning: text => {
      warnings += 1
      if (warnings <= WARNINGS_KEPT) core.warning(harmless(text))
      else info(`Warning ${warnings}: ${text}`)
    },
    group: (title, work) => core.group(harmless(title), work),
  }
}

/**
 * Takes from text the power to command the runner. The runner obeys `::command::` at the start of a line and
 * `##[command]` anywhere in it, on both output streams, whoever wrote the text: a table name or a NOTICE can.
 * A blank inside the marker keeps it readable. Not a character without width: the runner compares by the rules of
 * its language, which overlook those. What cannot be seen becomes a replacement character.
 * Source: actions/runner src/Runner.Common/ActionCommand.cs.
 */
export function harmless(text: string): string {
  return visible(text)
    .replace(/^(\s*):(?=:)/gm, '$1: ')
    .replaceAll('##[', '## [')
}
