/** One bar: what it is, how long it is, and its values in words. */
interface Bar {
  readonly label: string
  /** Zero or more, in any unit; null has no bar. */
  readonly value: number | null
  /** A column each, as many as in the other bars. */
  readonly texts: readonly string[]
}

/** Columns of the longest bar: with label and text it fits a phone in landscape. */
const WIDTH = 28

/** Parts of a character cell in eighths, from one to seven. */
const EIGHTHS = '▏▎▍▌▋▊▉'

/**
 * Bars in plain text, one per line, all from zero and on one scale: to be put into a code block. Text, and
 * not a Mermaid chart, because it reads the same in a job summary, in a mail, in a terminal and on a phone,
 * and because it can show the value and the verdict next to each bar, which Mermaid's xychart cannot. The
 * empty list is the empty text.
 */
export function renderBars(bars: readonly Bar[]): string {
  const longest = Math.max(0, ...bars.map(({ value }) => value ?? 0))
  const labelWidth = Math.max(0, ...bars.map(({ label }) => label.length))
  const textWidth = (column: number) => Math.max(0, ...bars.map(({ texts }) => texts[column]?.length ?? 0))
  return bars
    .map(({ label, value, texts }) => {
      const columns = texts.map((text, column) => text.padStart(textWidth(column)))
      const bar = value === null ? '' : renderBar(value, longest)
      return [label.padEnd(labelWidth), ...columns, bar].join('  ').trimEnd()
    })
    .join('\n')
}

/** At least one eighth, so that a small value is not taken for none. */
function renderBar(value: number, longest: number): string {
  const eighths = longest === 0 ? 1 : Math.max(1, Math.round((value / longest) * WIDTH * 8))
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[(eighths % 8) - 1] ?? '')
}
