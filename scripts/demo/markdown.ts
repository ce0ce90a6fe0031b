import { styleText } from 'node:util'
import { renderColumns } from './page.ts'

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>' }

/**
 * Shows a job summary in a terminal: the Markdown that src/core/markdown.ts writes, and no more. Headings are
 * underlined, tables aligned; what is inside a code block stays as it is, to be copied.
 */
export function renderForTerminal(markdown: string): string {
  const lines = markdown.split('\n')
  const blocks: string[] = []
  while (lines.length > 0) blocks.push(renderBlock(lines))
  return blocks.join('\n')
}

/** Takes one block from the front of the lines: a code block, a table, or one line of text. */
function renderBlock(lines: string[]): string {
  const [first = ''] = lines
  if (first.startsWith('```')) return renderCode(lines)
  if (first.startsWith('|')) return renderTable(takeWhile(lines, line => line.startsWith('|')))
  lines.shift()
  const [, marks = '', title = ''] = /^(#{1,6}) (.*)$/.exec(first) ?? []
  return marks === '' ? renderInline(first) : renderHeading(marks.length, renderInline(title))
}

function renderCode(lines: string[]): string {
  const fence = /^`+/.exec(lines.shift() ?? '')?.[0] ?? ''
  const code = takeWhile(lines, line => line !== fence)
  lines.shift()
  return code.map(line => `  ${line}`).join('\n')
}

function renderHeading(level: number, title: string): string {
  return `${styleText('bold', title)}\n${(level <= 2 ? '=' : '-').repeat(title.length)}`
}

/** The line below the head only says that it is a table; a head without words is left out. */
function renderTable(lines: readonly string[]): string {
  const rows = lines.toSpliced(1, 1).map(line =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell => renderInline(cell.trim())),
  )
  return renderColumns(rows.filter(row => row.some(cell => cell !== '')))
}

function renderInline(text: string): string {
  return text
    .replace(/\*\*(.+?)\*\*/g, '$1')
    .replace(/^_(.+)_$/, '$1')
    .replace(/<\/?(?:code|span|details|summary|b)>/g, '')
    .replace(/&(?:#(\d+)|(\w+));/g, (whole, number?: string, name?: string) =>
      number === undefined ? (ENTITIES[name ?? ''] ?? whole) : String.fromCodePoint(Number(number)),
    )
}

function takeWhile(lines: string[], belongs: (line: string) => boolean): readonly string[] {
  const end = lines.findIndex(line => !belongs(line))
  return lines.splice(0, end < 0 ? lines.length : end)
}
