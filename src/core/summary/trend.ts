import { renderBars } from '../text/bar-chart.ts'
import { renderBytes } from '../text/bytes.ts'
import { renderDuration } from '../text/duration.ts'

/** One run of something that runs again and again. */
export interface TrendPoint {
  /** Tells it from the others. */
  readonly id: string
  readonly at: Date
  /** One word beside the instant: a verdict, a kind. */
  readonly word: string
  /** In the order of the measures; null where it was not measured. The first is drawn. */
  readonly values: readonly (number | null)[]
}

/** What is measured of each run, and how a difference is put into words. */
interface Measure {
  readonly render: (value: number) => string
  /** Instead of a value that is null. */
  readonly absent: string
  readonly words: { past: string; present: string; same: string; more: string; less: string }
}

/** Milliseconds. `absent` says why there may be none. */
export function durationMeasure(absent = 'not measured'): Measure {
  const words = { past: 'took', present: 'took', same: 'as long', more: 'longer', less: 'less' }
  return { render: renderDuration, absent, words }
}

/** Bytes. */
export const SIZE_MEASURE: Measure = {
  render: renderBytes,
  absent: 'unknown',
  words: { past: 'had', present: 'is', same: 'as large', more: 'larger', less: 'smaller' },
}

interface TrendSubject {
  /** What a run is called: `drill`. */
  readonly noun: string
  readonly measures: readonly Measure[]
}

/** The last runs as a chart in plain text, oldest first, and how this one compares. */
export interface Trend {
  readonly chart: string
  /** A sentence for each measure that can be compared with something. */
  readonly comparisons: readonly string[]
}

/** Runs shown, this one included: a year of monthly ones. */
export const TREND_LENGTH = 12

/** `previous` in any order; what came later than this run, or is this run, is left out. */
export function renderTrend(
  current: TrendPoint,
  previous: readonly TrendPoint[],
  { noun, measures }: TrendSubject,
): Trend {
  const earlier = previous
    .filter(past => past.at < current.at && past.id !== current.id)
    .toSorted((a, b) => a.at.getTime() - b.at.getTime())
    .slice(1 - TREND_LENGTH)
  const bars = [...earlier, current].map(point => ({
    label: `${renderInstant(point.at)}  ${point.word}${point === current ? ` ◀ this ${noun}` : ''}`,
    value: point.values[0] ?? null,
    texts: measures.map(({ render, absent }, i) => {
      const value = point.values[i] ?? null
      return value === null ? absent : render(value)
    }),
  }))
  return { chart: renderBars(bars), comparisons: compareAll(current, earlier, noun, measures) }
}

function compareAll(
  current: TrendPoint,
  earlier: readonly TrendPoint[],
  noun: string,
  measures: readonly Measure[],
): readonly string[] {
  const sentences: string[] = []
  let told = 0
  for (const [i, measure] of measures.entries()) {
    const values = earlier.map(point => point.values[i] ?? null).filter(value => value !== null)
    // Named once, where the second sentence is about the same ones.
    const named = values.length === 1 ? `The one ${noun} before` : `The ${values.length} ${noun}s before`
    const again = values.length === 1 ? 'It' : 'They'
    const sentence = compare(
      current.values[i] ?? null,
      values,
      measure,
      told === values.length ? again : named,
    )
    if (sentence === null) continue
    told = values.length
    sentences.push(sentence)
  }
  return sentences
}

function renderInstant(at: Date): string {
  return at.toISOString().slice(0, 16).replace('T', ' ')
}

function compare(
  value: number | null,
  earlier: readonly number[],
  { render, words }: Measure,
  subject: string,
): string | null {
  const median = earlier.toSorted((a, b) => a - b)[Math.floor(earlier.length / 2)]
  if (value === null || median === undefined || median === 0) return null
  const usual = earlier.length === 1 ? words.past : `${words.past} a median of`
  return `${subject} ${usual} ${render(median)}: this one ${words.present} ${describeRatio(value / median, words)}.`
}

function describeRatio(ratio: number, { same, more, less }: Measure['words']): string {
  if (ratio >= 1.95) return `${ratio.toFixed(1)} times ${same}`
  const percent = Math.round((ratio - 1) * 100)
  if (percent === 0) return same
  return `${Math.abs(percent)} % ${percent > 0 ? more : less}`
}
