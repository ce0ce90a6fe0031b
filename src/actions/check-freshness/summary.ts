import { code, factTable, literal } from '../../core/markdown.ts'
import { type Age, renderAge } from './age.ts'

/** The job summary: verdict, what to do next, and every age. */
export function renderFreshnessSummary(database: string, ages: readonly Age[]): string {
  const problems = ages.flatMap(({ problem }) => problem ?? [])
  const verdict = problems.length === 0 ? '✅ Fresh' : '❌ Not fresh'
  return [
    `## ${verdict}: ${literal(database)}`,
    '',
    ...problems.map(problem => `- ${literal(problem)}`),
    ...(problems.length === 0 ? [] : ['', `**What to do next:** ${literal(STALE_HINT)}`, '']),
    factTable(ages.map(age => [`Newest ${age.what}`, describe(age)])),
  ].join('\n')
}

export const STALE_HINT =
  'Look at the last runs of its workflow: a schedule may have been delayed, dropped, or switched off after 60 days without activity. Then run it by hand.'

function describe({ newest, ageMs, maxAgeMs }: Age): string {
  const allowed = `at most ${renderAge(maxAgeMs)}`
  if (newest === undefined || ageMs === undefined) return `none, ${allowed} old`
  return `${code(newest.id)}, ${renderAge(Math.max(0, ageMs))} old, ${allowed}`
}
