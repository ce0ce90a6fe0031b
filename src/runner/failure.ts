import { diskError, errorMessage, OperatorError } from '../core/errors.ts'
import { renderSummaryPage } from '../core/summary/summary-page.ts'
import { code, literal } from '../core/text/markdown.ts'
import { actionsLog } from './log.ts'

/** The job summary of a run that ended with an error: what failed, and what to do next. */
export function renderFailure(action: string, { code: name, message, hint }: OperatorError): string {
  return renderSummaryPage({
    verdict: `❌ ${action} failed`,
    problems: [`**${code(name)}** ${renderLines(message)}`],
    next: hint === undefined ? [] : [literal(hint)],
  })
}

/** Lines that start with a dash become a list. */
function renderLines(message: string): string {
  const lines = message.split('\n')
  return lines.map(line => (line.startsWith('- ') ? `- ${literal(line.slice(2))}` : literal(line))).join('\n')
}

/**
 * An error during clean-up must not hide the one that led to it: the first is the failure, the second a log
 * line.
 */
export function toOperatorError(error: unknown): OperatorError {
  if (error instanceof SuppressedError) {
    actionsLog.warning(
      `Clean-up was not complete: ${errorMessage(error.error)} ${hintOf(error.error)}`.trim(),
    )
    return toOperatorError(error.suppressed)
  }
  if (error instanceof OperatorError) return error
  const diskFull = diskError(error)
  if (diskFull !== undefined) return diskFull
  return new OperatorError('INTERNAL', `This should not happen: ${errorMessage(error)}`, {
    hint: 'Please report it with the log of this step.',
    cause: error,
  })
}

function hintOf(error: unknown): string {
  return error instanceof OperatorError ? (error.hint ?? '') : ''
}
