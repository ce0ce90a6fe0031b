import type { DatabasePosture } from '../../core/render/posture.ts'
import { describeNoWindow, windowMs } from '../../core/render/recovery-window.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { code, literal } from '../../core/text/markdown.ts'

/** The job summary: what Render can recover, who may connect, and what is not as demanded. */
export function renderStatusSummary(
  posture: DatabasePosture,
  problems: readonly string[],
  notes: readonly string[],
): string {
  const { database, newestExport } = posture
  const verdict = problems.length === 0 ? '✅ Render' : '❌ Not as demanded at Render'
  return renderSummaryPage({
    verdict: `${verdict}: ${literal(database.name)}`,
    problems: [[...problems, ...notes].map(text => `- ${literal(text)}`).join('\n')],
    facts: [
      [
        'Instance',
        `${code(database.id)}, PostgreSQL ${literal(database.version)}, ${literal(database.region)}`,
      ],
      ['Status', literal(database.suspended === 'suspended' ? 'suspended' : database.status)],
      ['Plan', literal(database.plan)],
      ['Recoverable', describeWindow(posture)],
      ['Newest logical export', newestExport === undefined ? 'none' : code(newestExport.createdAt)],
      ['Allow list', describeAllowList(posture)],
      ['Protected environment', describeProtection(posture)],
    ],
    next: [literal(adviseNext(posture, problems))],
  })
}

function describeWindow({ window, recovery }: DatabasePosture): string {
  if (window === undefined) return literal(`not: ${describeNoWindow(recovery).reason}`)
  return `${code(window.startsAt.toISOString())} to ${code(window.endsAt.toISOString())} (${renderDuration(windowMs(window))})`
}

function describeAllowList({ database: { ipAllowList }, isOpenToAll }: DatabasePosture): string {
  if (isOpenToAll) return '**open to every address**'
  const blocks = ipAllowList.map(({ cidrBlock }) => code(cidrBlock))
  return blocks.length === 0 ? 'private network only' : blocks.join(', ')
}

function describeProtection({ isProtected }: DatabasePosture): string {
  if (isProtected === undefined) return 'in no environment, or the key may not read it'
  return isProtected ? 'yes' : 'no: any member may delete it'
}

function adviseNext({ window, recovery, isOpenToAll }: DatabasePosture, problems: readonly string[]): string {
  if (window === undefined) return describeNoWindow(recovery).hint
  if (isOpenToAll) return 'Narrow the allow list, and run jobs behind render-access.'
  return problems.length === 0 ? 'Nothing.' : 'Correct what is listed above in the dashboard of Render.'
}
