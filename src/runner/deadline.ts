import { OperatorError } from '../core/errors.ts'
import { renderDuration } from '../core/text/duration.ts'

/** Node's timers fire at once when they are set for longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * A signal that is also aborted, with TIMED_OUT, when the time is up; `input` is what an operator would
 * raise.
 */
export function withDeadline(signal: AbortSignal, timeoutMs: number, input = 'timeout'): AbortSignal {
  const deadline = new AbortController()
  const error = new OperatorError(
    'TIMED_OUT',
    `The step was not done within its ${input} of ${renderDuration(timeoutMs)}.`,
    {
      hint: `Raise ${input}, or find out what was slow: the progress lines in the log show bytes and speed.`,
    },
  )
  setTimeout(() => deadline.abort(error), Math.min(timeoutMs, LONGEST_TIMER_MS)).unref()
  return AbortSignal.any([signal, deadline.signal])
}
