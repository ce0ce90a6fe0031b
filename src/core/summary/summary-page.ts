import { codeBlock, factTable } from '../text/markdown.ts'
import type { Trend } from './trend.ts'

/** What a job summary says, each part as Markdown blocks. A part that is empty or not there is left out. */
interface SummaryPage {
  /** One line with its sign: `✅ Backup of logi`. */
  readonly verdict: string
  /** What went wrong, or has to be known before anything else. */
  readonly problems?: readonly string[]
  readonly facts?: ReadonlyArray<readonly [name: string, fact: string]>
  readonly next?: readonly string[]
  /** The last runs; undefined where they could not be read. */
  readonly trend?: { readonly title: string; readonly trend: Trend } | undefined
  readonly details?: readonly string[]
}

/**
 * Every job summary of the suite in one order, so that an on-call engineer knows where to look: the
 * verdict and what is wrong, the facts, what to do next, the trend of the last runs, and the details.
 */
export function renderSummaryPage(page: SummaryPage): string {
  const { verdict, problems = [], facts = [], next = [], trend, details = [] } = page
  const blocks = [
    `## ${verdict}`,
    ...problems,
    factTable(facts),
    ...(next.length === 0 ? [] : ['### What to do next', ...next]),
    ...(trend === undefined ? [] : [`### ${trend.title}`, ...renderTrendBlocks(trend.trend)]),
    ...details,
  ]
  return blocks.filter(block => block !== '').join('\n\n')
}

function renderTrendBlocks({ comparisons, chart }: Trend): readonly string[] {
  return [comparisons.join(' '), codeBlock(chart, 'text')]
}
