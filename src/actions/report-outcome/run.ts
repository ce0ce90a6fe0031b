import type { ActionResult } from '../../core/action-result.ts'
import { OperatorError } from '../../core/errors.ts'
import { type Issue, type IssueMark, Issues } from '../../github/issues.ts'
import type { Action, ActionContext } from '../../runner/action.ts'
import { type ReportInputs, readReportInputs } from './inputs.ts'
import {
  failureComment,
  issueBody,
  issueMarker,
  issueTitle,
  type Report,
  successComment,
  webhookText,
} from './messages.ts'
import { callWeb } from './webhook.ts'

type Change = 'opened' | 'commented' | 'closed' | 'none'

interface IssueChange {
  readonly change: Change
  readonly issue: Issue | undefined
}

const UNCHANGED: IssueChange = { change: 'none', issue: undefined }

/** Runs a piece of work; its error is kept, and the next piece runs all the same. */
type RunApart = <T>(work: () => Promise<T>, otherwise: T) => Promise<T>

export const reportOutcome: Action = {
  async main(context) {
    const inputs = readReportInputs(context.inputs)
    const { environment, log } = context
    const report: Report = { ...inputs, run: environment.run, at: new Date() }
    const problems: OperatorError[] = []
    const attempt: RunApart = async (work, otherwise) => {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error
        problems.push(error)
        return otherwise
      }
    }
    if (inputs.outcome !== 'success') {
      const changed = await attempt(() => reportFailure(context, inputs, report), UNCHANGED)
      await attempt(() => postToWebhook(context, inputs, report), undefined)
      return toResult(changed, problems, true, context)
    }
    if (!inputs.verified) {
      log.info('The success is not verified: no issue is closed, no heartbeat is sent.')
      return toResult(UNCHANGED, problems, false, context)
    }
    const changed = await reportSuccess(context, inputs, report, attempt)
    await attempt(() => sendHeartbeat(context, inputs), undefined)
    return toResult(changed, problems, false, context)
  },
}

async function reportFailure(
  context: ActionContext,
  inputs: ReportInputs,
  report: Report,
): Promise<IssueChange> {
  const issues = issuesOf(context, inputs)
  if (issues === undefined) return UNCHANGED
  const mark = markOf(inputs, report)
  const [issue] = await issues.findOpen(mark)
  if (issue === undefined) {
    return { change: 'opened', issue: await issues.open(issueTitle(report), issueBody(report), mark) }
  }
  await issues.comment(issue, failureComment(report))
  return { change: 'commented', issue }
}

/** Closes what is open. The chat gets a message even if that fails, because it got one about the failure. */
async function reportSuccess(
  context: ActionContext,
  inputs: ReportInputs,
  report: Report,
  attempt: RunApart,
): Promise<IssueChange> {
  const issues = issuesOf(context, inputs)
  if (issues === undefined) return UNCHANGED
  const open = await attempt(() => issues.findOpen(markOf(inputs, report)), [])
  const closed: Issue[] = []
  for (const issue of open) {
    // One that is locked takes no comment, and can be closed.
    await attempt(() => issues.comment(issue, successComment(report)), undefined)
    await attempt(async () => {
      await issues.close(issue)
      closed.push(issue)
    }, undefined)
  }
  if (open.length > 0) await attempt(() => postToWebhook(context, inputs, report), undefined)
  const [issue] = closed
  return issue === undefined ? UNCHANGED : { change: 'closed', issue }
}

/** Undefined without a token. */
function issuesOf({ environment, log, signal }: ActionContext, { token }: ReportInputs): Issues | undefined {
  if (token === undefined) return undefined
  const apiUrl = environment.variables.GITHUB_API_URL || 'https://api.github.com'
  return new Issues({ apiUrl, name: environment.run.repository, token }, log, signal)
}

function markOf({ label }: ReportInputs, report: Report): IssueMark {
  return { label, marker: issueMarker(report) }
}

async function postToWebhook(
  { log, signal }: ActionContext,
  inputs: ReportInputs,
  report: Report,
): Promise<void> {
  if (inputs.webhookUrl === undefined) return
  const json = { text: webhookText(report) }
  await callWeb({ input: 'webhook-url', url: inputs.webhookUrl, json }, { log, signal })
  log.info('Posted to the webhook.')
}

async function sendHeartbeat({ log, signal }: ActionContext, { heartbeatUrl }: ReportInputs): Promise<void> {
  if (heartbeatUrl === undefined) return
  await callWeb({ input: 'heartbeat-url', url: heartbeatUrl }, { log, signal })
  log.info('Pinged the heartbeat URL.')
}

/** After a failed job a report that did not arrive is an error; after a success it is a warning. */
function toResult(
  { change, issue }: IssueChange,
  problems: readonly OperatorError[],
  failed: boolean,
  { log }: ActionContext,
): ActionResult {
  if (issue !== undefined) log.info(`Issue ${issue.url || `#${issue.number}`}: ${change}.`)
  const outputs = {
    'issue-number': issue?.number ?? '',
    'issue-url': issue?.url ?? '',
    'issue-change': change,
  }
  const [first, ...more] = problems
  if (first === undefined) return { outputs }
  if (!failed) {
    for (const { message, hint } of problems) log.warning(`${message} ${hint ?? ''}`.trim())
    return { outputs }
  }
  const text = [first, ...more].map(({ message }) => message).join(' ')
  return {
    outputs,
    failure: new OperatorError('REPORT_FAILED', text, { ...(first.hint && { hint: first.hint }) }),
  }
}
