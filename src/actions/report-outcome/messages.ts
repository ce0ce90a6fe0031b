import { literal, printable } from '../../core/text/markdown.ts'
import { truncate } from '../../core/text/truncate.ts'
import type { GithubRun } from '../../runner/environment.ts'
import type { ReportInputs } from './inputs.ts'

/** What the texts are about. */
export interface Report extends Pick<ReportInputs, 'task' | 'database' | 'outcome' | 'details'> {
  readonly run: GithubRun
  readonly at: Date
}

/** GitHub refuses a body of more than 65,536 characters; this is what our own lines leave for the details. */
const DETAILS_LIMIT = 60_000
const DETAIL_LIMIT = 1000
/** Of the facts in a chat: Mattermost refuses more than 16,383 characters, and `&` becomes five. */
const CHAT_LIMIT = 3000
const TITLE_LIMIT = 256

/** By which the issue of a database, task and workflow is found again. Not shown by GitHub. */
export function issueMarker({ task, database, run }: Report): string {
  // Encoded, a name cannot end the comment.
  return `<!-- pg-runbook task=${task} database=${database} workflow=${encodeURIComponent(run.workflow)} -->`
}

export function issueTitle({ task, database, run }: Report): string {
  return truncate(printable(`${task} of ${database} fails (workflow ${run.workflow})`), TITLE_LIMIT - 1)
}

export function issueBody(report: Report): string {
  return [
    issueMarker(report),
    ...failureLines(report),
    '',
    'Every further failure of this workflow adds a comment. Its next verified success closes this issue; leave it open until then.',
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

/**
 * One line of plain text for a chat. Slack reads `&`, `<` and `>`; Mattermost reads Markdown, and `@channel`
 * as a mention of the whole channel: an invisible space prevents it.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function webhookText(report: Report): string {
  const { task, database, outcome, details } = report
  const icon = outcome === 'success' ? '✅' : '❌'
  const facts = details.length === 0 ? '' : ` (${truncate(printable(details.join(', ')), CHAT_LIMIT)})`
  const text = `${icon} ${task} of ${database} ${ended(report)}${facts}: ${runUrl(report)}`
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@(?=\S)|\](?=\()/g, '$&\u200b')
}

function ended({ outcome }: Report): string {
  if (outcome === 'success') return 'succeeded again'
  return outcome === 'failure' ? 'failed' : 'was cancelled, or ran into its timeout'
}

/** As many details as an issue has room for, and how many there are besides. */
function details({ details }: Report): readonly string[] {
  const lines: string[] = []
  let room = DETAILS_LIMIT
  for (const detail of details) {
    const line = `- ${literal(truncate(detail, DETAIL_LIMIT))}`
    room -= line.length + 1
    if (room < 0) break
    lines.push(line)
  }
  const hidden = details.length - lines.length
  if (hidden > 0) lines.push(`- … and ${hidden} more`)
  return lines.length === 0 ? [] : ['', ...lines]
}

function time({ at }: Report): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z')
}

function runUrl({ run }: Report): string {
  return `${run.serverUrl}/${run.repository}/actions/runs/${run.runId}/attempts/${run.runAttempt || '1'}`
}
