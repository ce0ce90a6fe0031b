/**
 * What GitHub looks for in text that is rendered already: addresses, mentions, references, emoji,
 * mathematics. It reads one element at a time and sees through character references, so only an element of
 * its own stops it.
 * https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/writing-mathematical-expressions
 */
const AUTOMATIC = /[@$]|:(?=\/\/)|:(?!\d\d?:)(?=[\w+-]+:)|(?<=www)\.|#(?=\d)|(?<=gh)-(?=\d)/

/**
 * What makes a line a heading, a list, a rule, a table or an indented block, or a `::command::` of the
 * runner.
 */
const BLOCK_START = /^(?:[# ]|[-+](?=\s|$)|-(?=-)|=(?==*\s*$)|:(?=[-:]))|(?<=^\d{1,9})[.)](?=\s|$)/

/** Markup wherever it stands; an underscore counts only where it is not inside a word. */
const MARKUP = /[&<>\\`*[\]|~]|(?<![\p{L}\p{N}_])_+|_+(?![\p{L}\p{N}_])/u

const SPECIAL = new RegExp(`(${AUTOMATIC.source})|${BLOCK_START.source}|${MARKUP.source}`, 'giu')

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/**
 * Makes text from outside (table names, server messages) literal inside Markdown: no markup, no HTML, no
 * links, no mentions, no line breaks. Ordinary names and sentences stay readable as they are:
 * `logi_identity_links`. The empty string stays empty.
 */
export function literal(text: string): string {
  return printable(text).replace(SPECIAL, (found, automatic: string | undefined) =>
    automatic === undefined
      ? [...found].map(c => ENTITIES[c] ?? `&#${c.codePointAt(0)};`).join('')
      : `<span>${automatic}</span>`,
  )
}

/**
 * An inline code span for any text: HTML, because backticks cannot be escaped inside Markdown
 * code.
 */
export function code(text: string): string {
  return text === '' ? '' : `<code>${literal(text)}</code>`
}

/**
 * A fenced block; the fence is longer than any run of backticks inside. Lines and tabs stay, what is
 * invisible goes.
 */
export function codeBlock(text: string, language = ''): string {
  const content = visible(text)
    .replace(/\r\n?/g, '\n')
    .replace(INVISIBLE, c => (c === '\n' || c === '\t' ? c : '\ufffd'))
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(run => run[0].length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${content}\n${fence}`
}

/** A table of cells that are Markdown already. A table without rows is the empty string. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  if (rows.length === 0) return ''
  return [row(head), row(head.map(() => ':---')), ...rows.map(row)].join('\n')
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/**
 * Facts with their names, as a table whose first fact is its head: GitHub shows an empty head as a grey bar.
 */
export function factTable(facts: ReadonlyArray<readonly [name: string, fact: string]>): string {
  const [head, ...rows] = facts
  const bold = rows.map(([name, fact]) => [`**${name}**`, fact])
  // A head cell is bold by itself; a table of one fact has no rows.
  return head === undefined ? '' : [row(head), row([':---', ':---']), ...bold.map(row)].join('\n')
}

/**
 * Control characters, bidirectional overrides, zero-width characters, tags, line separators, half surrogate
 * pairs.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Text on one line; what cannot be seen becomes a replacement character. */
export function printable(text: string): string {
  return text.replace(/[\t\r\n\u2028\u2029]+/g, ' ').replace(INVISIBLE, '\ufffd')
}

/** The same for text of many lines: line ends become `\n`, tabs stay. */
export function visible(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(INVISIBLE, c => (c === '\n' || c === '\t' ? c : '\ufffd'))
}
