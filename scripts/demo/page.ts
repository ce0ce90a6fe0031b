import { stripVTControlCharacters, styleText } from 'node:util'
import { renderDuration } from '../../src/core/text/duration.ts'

/** Where the demo tells its story: short headings, indented text, and how long each chapter took. */
export interface Page {
  /** Text of one or more lines, indented. */
  say(text: string): void
  /** A table with aligned columns; numbers to the right. */
  table(rows: ReadonlyArray<readonly string[]>): void
  /** Runs a chapter under its heading. Does not begin one after `stop`. */
  chapter<T>(title: string, work: () => Promise<T>): Promise<T>
  /** No further chapter begins; the running one ends by itself, so that what it makes can be removed. */
  stop(): void
}

const INDENT = '   '

export function createPage(write: (text: string) => void): Page {
  let chapters = 0
  let isStopped = false
  const say = (text: string) => write(indent(text))
  return {
    say,
    table: rows => say(renderColumns(rows)),
    async chapter(title, work) {
      if (isStopped) throw new Error('it was interrupted')
      chapters += 1
      write(`\n${styleText('bold', `${chapters}. ${title}`)}\n\n`)
      const started = performance.now()
      const result = await work()
      say(styleText('dim', `(${renderDuration(performance.now() - started)})`))
      return result
    },
    stop: () => {
      isStopped = true
    },
  }
}

/** Columns as wide as their widest cell, two blanks apart. A column of numbers only is set to the right. */
export function renderColumns(rows: ReadonlyArray<readonly string[]>): string {
  const columns = Math.max(0, ...rows.map(row => row.length))
  const cells = (column: number) => rows.map(row => stripVTControlCharacters(row[column] ?? ''))
  const layout = Array.from({ length: columns }, (_, column) => ({
    width: Math.max(...cells(column).map(cell => cell.length)),
    isNumeric: isNumeric(cells(column)),
  }))
  const line = (row: readonly string[]) =>
    layout.map(({ width, isNumeric }, column) => pad(row[column] ?? '', width, isNumeric)).join('  ')
  return rows.map(row => line(row).trimEnd()).join('\n')
}

/** The first cell may be a heading. */
function isNumeric([first = '', ...others]: readonly string[]): boolean {
  const isNumber = (cell: string) => /^\d[\d,]*$/.test(cell)
  return others.length > 0 ? others.every(isNumber) : isNumber(first)
}

function pad(cell: string, width: number, toTheRight: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - stripVTControlCharacters(cell).length))
  return toTheRight ? blanks + cell : cell + blanks
}

function indent(text: string): string {
  const lines = text.split('\n').map(line => (line === '' ? '' : INDENT + line))
  return `${lines.join('\n')}\n`
}
