import { literal } from '../../core/markdown.ts'
import type { GithubRun } from '../../runner/environment.ts'
import type { ReportInputs } from './inputs.ts'

/** What the texts are about. */
export interface Report extends Pick<ReportInputs, 'task' | 'database' | 'outcome' | 'details'> {
  readonly run: GithubRun
  readonly at: Date
}

/** By which the issue of a database and task is found again. Not shown by GitHub. */
export function issueMarker({ task, database }: Report): string {
  return `<!-- pg-runbook task=${task} database=${database} -->`
}

export function issueTitle({ task, database }: Report): string {
  return `${task} of ${database} fails`
}

export function issueBody(report: Report): string {
  return [
    issueMarker(report),
    ...failureLines(report),
    '',
    'Every further failure adds a comment. The next verified success closes this issue; leave it open until then.',
  ].join('\n')
}

export function failureComment(report: Report): string {
  return failureLines(report).join('\n')
}

export function successComment(report: Report): string {
  const { task, database } = report
  return [
    `✅ **${literal(task)} of ${literal(database)} succeeded** at ${time(report)}: ${runUrl(report)}`,
    ...details(report),
  ].join('\n')
}

function failureLines(report: Report): readonly string[] {
  const { task, database } = report
  return [
    `❌ **${literal(task)} of ${literal(database)} ${ended(report)}** at ${time(report)}: ${runUrl(report)}`,
    ...details(report),
    '',
    '**What to do next:** open the run; the annotation of the failed step says what failed and what to do.',
  ]
}

/** One line of plain text for a chat. Slack reads `&`, `<` and `>`. https://docs.slack.dev/messaging/formatting-message-text */
export function webhookText(report: Report): string {
  const { task, database, outcome, details } = report
  const icon = outcome === 'success' ? '✅' : '❌'
  const facts = details.length === 0 ? '' : ` (${details.join(', ')})`
  const text = `${icon} ${task} of ${database} ${ended(report)}${facts}: ${runUrl(report)}`
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function ended({ outcome }: Report): string {
  if (outcome === 'success') return 'succeeded again'
  return outcome === 'failure' ? 'failed' : 'was cancelled, or ran into its timeout'
}

function details({ details }: Report): readonly string[] {
  return details.length === 0 ? [] : ['', ...details.map(detail => `- ${literal(detail)}`)]
}

function time({ at }: Report): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z')
}

function runUrl({ run }: Report): string {
  return `${run.serverUrl}/${run.repository}/actions/runs/${run.runId}/attempts/${run.runAttempt || '1'}`
}
