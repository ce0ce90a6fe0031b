import type { ActionResult } from '../../core/action-result.ts'
import { OperatorError } from '../../core/errors.ts'
import { type Issue, Issues } from '../../github/issues.ts'
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
} from './text.ts'
import { callWeb } from './web-call.ts'

type Change = 'opened' | 'commented' | 'closed' | 'none'

interface IssueChange {
  readonly change: Change
  readonly issue: Issue | undefined
}

const UNCHANGED: IssueChange = { change: 'none', issue: undefined }

export const reportOutcome: Action = {
  async main(context) {
    const inputs = readReportInputs(context.inputs)
    const { environment, log } = context
    const report: Report = { ...inputs, run: environment.run, at: new Date() }
    const problems: OperatorError[] = []
    const attempt = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error
        problems.push(error)
        return otherwise
      }
    }
    const failed = inputs.outcome !== 'success'
    if (!failed && !inputs.verified)
      log.info('A success without proof: nothing is closed, and no watchdog is told.')
    const changed = await attempt(() => updateIssue(context, inputs, report), UNCHANGED)
    if (failed || changed.change === 'closed')
      await attempt(() => tellWebhook(context, inputs, report), undefined)
    if (!failed && inputs.verified) await attempt(() => sendHeartbeat(context, inputs), undefined)
    return toResult(changed, problems, failed, context)
  },
}

async function updateIssue(
  { environment, log, signal }: ActionContext,
  { token, label, outcome, verified }: ReportInputs,
  report: Report,
): Promise<IssueChange> {
  if (token === undefined || (outcome === 'success' && !verified)) return UNCHANGED
  const apiUrl = environment.variables.GITHUB_API_URL || 'https://api.github.com'
  const issues = new Issues({ apiUrl, name: report.run.repository, token }, log, signal)
  const issue = await issues.findOpen(label, issueMarker(report))
  if (outcome !== 'success') {
    if (issue === undefined)
      return { change: 'opened', issue: await issues.open(issueTitle(report), issueBody(report), [label]) }
    await issues.comment(issue, failureComment(report))
    return { change: 'commented', issue }
  }
  if (issue === undefined) return UNCHANGED
  await issues.comment(issue, successComment(report))
  await issues.close(issue)
  return { change: 'closed', issue }
}

async function tellWebhook(
  { log, signal }: ActionContext,
  inputs: ReportInputs,
  report: Report,
): Promise<void> {
  if (inputs.webhookUrl === undefined) return
  await callWeb('webhook-url', inputs.webhookUrl, { text: webhookText(report) }, signal)
  log.info('The webhook was told.')
}

async function sendHeartbeat({ log, signal }: ActionContext, { heartbeatUrl }: ReportInputs): Promise<void> {
  if (heartbeatUrl === undefined) return
  await callWeb('heartbeat-url', heartbeatUrl, undefined, signal)
  log.info('The watchdog was told of a verified success.')
}

/** After a failure, what could not be told is an error; after a success it takes nothing from it. */
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
