import * as core from '@actions/core'
import { errorMessage } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { withoutSecrets } from './secrets.ts'

/** GitHub drops a summary of more than 1 MiB a step as a whole (actions/runner CreateStepSummaryCommand). */
const SUMMARY_LIMIT_BYTES = 1024 * 1024

/**
 * Writes the job summary; outside a runner (no GITHUB_STEP_SUMMARY) it does nothing. A summary that cannot be
 * written is a warning: it says nothing about the work that was done.
 */
export async function writeSummary(markdown: string, log: Log): Promise<void> {
  if (!process.env.GITHUB_STEP_SUMMARY) return
  await core.summary
    .addRaw(truncate(withoutSecrets(markdown)), true)
    .write()
    .catch(error => log.warning(`The job summary could not be written: ${errorMessage(error)}`))
}

/** Cuts at a line end, so that what is left still renders. */
function truncate(markdown: string): string {
  const note = '\n\n_The rest was cut: GitHub shows 1 MiB a step. The log has it all._'
  const bytes = Buffer.from(markdown)
  if (bytes.length < SUMMARY_LIMIT_BYTES) return markdown
  const head = bytes.subarray(0, SUMMARY_LIMIT_BYTES - note.length - 8)
  return head.subarray(0, head.lastIndexOf('\n')).toString() + note
}
