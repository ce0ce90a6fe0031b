import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { code, literal } from '../../core/text/markdown.ts'
import type { RecoveredDatabase } from '../../steps/recovery/recover.ts'

interface RecoverFacts {
  readonly seconds: number
  readonly keep: boolean
  readonly sourceId: string
}

/** The job summary: what was recovered, how long it took, and what to do with it. */
export function renderRecoverSummary(
  { instance, pointInTime }: RecoveredDatabase,
  { seconds, keep, sourceId }: RecoverFacts,
): string {
  const isAdopted = pointInTime === undefined
  return renderSummaryPage({
    verdict: `✅ Recovered to ${literal(instance.name)}`,
    facts: [
      ['New instance', `${code(instance.id)}, ${literal(instance.plan)}`],
      ['Source', `${code(sourceId)}, only read`],
      ['Point in time', isAdopted ? 'as an earlier attempt asked' : code(pointInTime.toISOString())],
      [
        'Recovery time',
        isAdopted ? 'not measured: an earlier attempt asked' : `**${renderDuration(seconds * 1000)}**`,
      ],
      ['Allow list', 'this runner only, until the end of the job'],
      ['Costs', keep ? '**money until you delete it**' : 'nothing: deleted at the end of the job'],
    ],
    next: keep
      ? [
          `1. Verify it: ${code('verify-drill')} with ${code('restored-url')}.\n2. Cut over: ${code('render-cutover')} with ${code(`new-instance-id: ${instance.id}`)}.\n3. Or delete it in the dashboard of Render.`,
        ]
      : ['Nothing. The end of the job deletes it.'],
  })
}
