import type { Aim } from './aim.ts'
import type { Part } from './parts.ts'

/** What is measured of one run. */
export interface Sample {
  readonly seconds: number
  /** Of our own process; null if another program ran. */
  readonly cpuSeconds: number | null
  readonly peakBytes: number | null
  /** Of the job summary; null if another program ran. */
  readonly summaryBytes: number | null
  /** What the whole run was spent on, in order; empty where that is not known. */
  readonly parts: readonly Part[]
}

export interface Contender {
  readonly name: string
  readonly run: () => Promise<Sample>
}

/** The medians of every contender, by name. */
export type Results = ReadonlyMap<string, Sample>

/** Figures other than times, as text. */
export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface Section {
  readonly title: string
  /** What was done, for a reader who does not know the code. */
  readonly about: string
  readonly results: Results
  readonly table?: Table
  readonly aims: readonly Aim[]
}

/**
 * Runs every contender once a round. The order turns round each time, so that a machine that gets slower
 * favours none of them. Returns the medians.
 */
export async function holdContest(contenders: readonly Contender[], rounds: number): Promise<Results> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, run } of round % 2 === 0 ? contenders : contenders.toReversed())
      samples.get(name)?.push(await run())
    console.log(`  round ${round + 1}: ${[...samples].map(renderLast).join(', ')}`)
  }
  return new Map([...samples].map(([name, own]) => [name, medianSample(own)]))
}

export function ratio(results: Results, name: string, of: string): number {
  return secondsOf(results, name) / secondsOf(results, of)
}

export function secondsOf(results: Results, name: string): number {
  return results.get(name)?.seconds ?? Number.NaN
}

export function peakOf(results: Results, name: string): number {
  return results.get(name)?.peakBytes ?? Number.NaN
}

/** A run of another program than ours. */
export function otherSample(seconds: number, parts: readonly Part[] = []): Sample {
  return { seconds, cpuSeconds: null, peakBytes: null, summaryBytes: null, parts }
}

function renderLast([name, own]: readonly [string, readonly Sample[]]): string {
  return `${name} ${own.at(-1)?.seconds.toFixed(1)} s`
}

export function medianSample(samples: readonly Sample[]): Sample {
  const of = (key: 'cpuSeconds' | 'peakBytes' | 'summaryBytes') => {
    const known = samples.map(sample => sample[key]).filter(value => value !== null)
    return known.length === 0 ? null : median(known)
  }
  return {
    seconds: median(samples.map(({ seconds }) => seconds)),
    cpuSeconds: of('cpuSeconds'),
    peakBytes: of('peakBytes'),
    summaryBytes: of('summaryBytes'),
    parts: (samples[0]?.parts ?? []).map(({ name }) => {
      const same = samples.flatMap(({ parts }) => parts.filter(part => part.name === name))
      return { name, seconds: median(same.map(({ seconds }) => seconds)) }
    }),
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number) => sorted[Math.floor(index)] ?? Number.NaN
  return (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2
}
