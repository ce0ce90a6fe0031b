import * as core from '@actions/core'
import type { Log } from '../core/log.ts'
import { visible } from '../core/markdown.ts'

/** The Log of a job: @actions/core, with every line made harmless first. */
export const actionsLog: Log = {
  info: text => core.info(harmless(text)),
  debug: text => core.debug(harmless(text)),
  warning: text => core.warning(harmless(text)),
  group: (title, work) => core.group(harmless(title), work),
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
