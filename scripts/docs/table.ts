/** Markdown of the generated parts of the documentation. */

export interface Described {
  readonly description?: string
}

/** A table, or `None.` where there is nothing to list. */
export function renderTable(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  if (rows.length === 0) return 'None.'
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Our own Markdown on one line of a table. */
export function renderCell(text: string): string {
  return text.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

/** The description of an input, output or code. Throws where it is missing. */
export function describe(file: string, name: string, { description }: Described): string {
  const text = renderCell(description ?? '')
  if (text === '') throw new Error(`${file}: ${name} has no description`)
  return text
}

export function renderDefault(required: boolean | undefined, value: unknown): string {
  if (required) return '**required**'
  return value === undefined || value === '' ? '' : `\`${renderCell(String(value))}\``
}

/** The text with `content` between two markers. Throws where the markers are missing. */
export function replaceBetween(file: string, text: string, marker: string, content: string): string {
  const [open, close] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`]
  const [start, end] = [text.indexOf(open), text.indexOf(close)]
  if (start < 0 || end < start)
    throw new Error(`${file} needs the markers ${open} and ${close}, in this order`)
  return `${text.slice(0, start + open.length)}\n${content}\n${text.slice(end)}`
}
