import { parseDatabaseName } from '../../core/backup/bucket-layout.ts'
import type { Secret } from '../../core/secret.ts'
import type { Inputs } from '../../runner/inputs.ts'

/**
 * What a job can end with.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#job-context
 */
const OUTCOMES = ['success', 'failure', 'cancelled'] as const
type Outcome = (typeof OUTCOMES)[number]

export interface ReportInputs {
  readonly task: string
  readonly database: string
  readonly outcome: Outcome
  readonly verified: boolean
  readonly details: readonly string[]
  readonly token: Secret | undefined
  readonly label: string
  readonly webhookUrl: Secret | undefined
  readonly heartbeatUrl: Secret | undefined
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readReportInputs(inputs: Inputs): ReportInputs {
  const webhookUrl = inputs.secret('webhook-url')
  const heartbeatUrl = inputs.secret('heartbeat-url')
  checkUrl(inputs, 'webhook-url', webhookUrl, 'https://hooks.example.com/…')
  checkUrl(inputs, 'heartbeat-url', heartbeatUrl, 'https://hc.example.com/…')
  return inputs.finish({
    task: inputs.parse('task', parseTask),
    database: inputs.parse('database', parseDatabaseName),
    outcome: inputs.oneOf('outcome', OUTCOMES),
    verified: inputs.flag('verified'),
    details: readDetails(inputs),
    token: inputs.secret('github-token'),
    label: inputs.text('issue-label'),
    webhookUrl,
    heartbeatUrl,
  })
}

/** Not as lines of settings: what begins with # is a fact too, such as the name of a check. */
function readDetails(inputs: Inputs): readonly string[] {
  const lines = (inputs.optional('details') ?? '').split('\n').map(line => line.trim())
  return lines.filter(line => line !== '')
}

function parseTask(text: string): string {
  if (!/^[A-Za-z0-9-]{1,40}$/.test(text)) throw new RangeError('expected up to 40 letters, digits and -')
  return text
}

function checkUrl(inputs: Inputs, name: string, secret: Secret | undefined, example: string): void {
  if (secret === undefined) return
  const url = URL.parse(secret.reveal())
  if (url === null || !/^https?:$/.test(url.protocol))
    inputs.problem(name, `expected a URL such as ${example}`)
  // fetch refuses them, with the whole address in its message.
  else if (url.username !== '' || url.password !== '')
    inputs.problem(name, `has user:password@ in it, which is not sent; expected a URL such as ${example}`)
}
