import { type ErrorCode, OperatorError } from '../core/errors.ts'
import { type ApiAnswer, describeAnswer, isAnswer, type NoAnswer } from './answer.ts'

const HINTS: ReadonlyArray<readonly [statuses: readonly number[], code: ErrorCode, hint: string]> = [
  [[401], 'RENDER_DENIED', 'Pass a valid API key of Render in api-key: Account Settings, API Keys.'],
  [[402], 'RENDER_REFUSED', 'Add a payment method to the workspace, or choose a plan that it may use.'],
  [
    [403],
    'RENDER_DENIED',
    'Use the key of a member who may do this: in a protected environment only admins may.',
  ],
  [
    [404, 410],
    'RENDER_NOT_FOUND',
    'Check the id in the dashboard of Render, and that the key belongs to a member of its workspace.',
  ],
  [[429], 'RENDER_FAILED', 'Wait until the rate limit allows more requests, and re-run the job.'],
]

const REFUSED_HINT = 'Read the message of Render, correct the input, and re-run the job.'
const DOWN_HINT = 'See whether Render is up: https://status.render.com. Then re-run the job.'
const UNREACHABLE_HINT = 'Check api-url and the network of the runner, and whether Render is up.'

/** What an operation that failed is called: `read the database dpg-…`. */
interface Operation {
  readonly what: string
}

/** The error of an operation: what failed with its id, status, request id, and the next thing to do. */
export function renderError({ what }: Operation, outcome: ApiAnswer | NoAnswer): OperatorError {
  const message = `Render did not ${what}: ${describeAnswer(outcome)}.`
  if (!isAnswer(outcome)) return new OperatorError('RENDER_UNREACHABLE', message, { hint: UNREACHABLE_HINT })
  const [, code, hint] = HINTS.find(([statuses]) => statuses.includes(outcome.status)) ?? []
  if (code !== undefined && hint !== undefined) return new OperatorError(code, message, { hint })
  if (outcome.status >= 500) return new OperatorError('RENDER_FAILED', message, { hint: DOWN_HINT })
  return new OperatorError('RENDER_REFUSED', message, { hint: REFUSED_HINT })
}

/** A POST whose answer was lost, and of which nothing is to be seen: repeating it might do it twice. */
export function unknownOutcome({ what }: Operation, outcome: ApiAnswer | NoAnswer): OperatorError {
  return new OperatorError(
    'RENDER_UNKNOWN',
    `It is unknown whether Render did ${what}: ${describeAnswer(outcome)}. The request is not repeated.`,
    { hint: 'Look at the dashboard of Render, then re-run the job: it adopts what this request made.' },
  )
}

/** An answer that is not what the API describes. */
export function unexpectedAnswer(
  { what }: Operation,
  { status, headers }: Pick<ApiAnswer, 'status' | 'headers'>,
  why: string,
): OperatorError {
  const id = headers.get('render-request-id')
  return new OperatorError(
    'RENDER_FAILED',
    `Render answered HTTP ${status} when asked to ${what}, but ${why}${id === null ? '' : ` (Render-Request-Id ${id})`}.`,
    { hint: 'Check that api-url is the address of the API of Render, and update pg-runbook.' },
  )
}
