import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { code, literal } from '../../core/text/markdown.ts'
import { type Age, renderAge } from './age.ts'

/** The job summary: verdict, every age, and what to do next. */
export function renderFreshnessSummary(database: string, ages: readonly Age[]): string {
  const problems = ages.flatMap(({ problem }) => problem ?? [])
  const isFresh = problems.length === 0
  return renderSummaryPage({
    verdict: `${isFresh ? '✅ Fresh' : '❌ Not fresh'}: ${literal(database)}`,
    problems: [problems.map(problem => `- ${literal(problem)}`).join('\n')],
    facts: ages.map(age => [`Newest ${age.what}`, describe(age)]),
    next: [isFresh ? 'Nothing.' : literal(STALE_HINT)],
  })
}

export const STALE_HINT =
  'Look at the last runs of its workflow: a schedule may have been delayed, dropped, or switched off after 60 days without activity. Then run it by hand.'

function describe({ newest, ageMs, maxAgeMs }: Age): string {
  const allowed = `at most ${renderAge(maxAgeMs)}`
  if (newest === undefined || ageMs === undefined) return `none, ${allowed} old`
  return `${code(newest.id)}, ${renderAge(Math.max(0, ageMs))} old, ${allowed}`
}
