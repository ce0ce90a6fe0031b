import { renderDuration } from '../core/duration.ts'
import { OperatorError } from '../core/errors.ts'

/** Node's timers fire at once when they are set for longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** A signal that is also aborted, with TIMED_OUT, when the time is up. */
export function withDeadline(signal: AbortSignal, timeoutMs: number): AbortSignal {
  const deadline = new AbortController()
  const error = new OperatorError(
    'TIMED_OUT',
    `The step was not done within its timeout of ${renderDuration(timeoutMs)}.`,
    {
      hint: 'Raise timeout, or find out what was slow: the progress lines in the log show bytes and speed.',
    },
  )
  setTimeout(() => deadline.abort(error), Math.min(timeoutMs, LONGEST_TIMER_MS)).unref()
  return AbortSignal.any([signal, deadline.signal])
}
