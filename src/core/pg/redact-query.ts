import { printable } from '../text/markdown.ts'

/** What stands for a value. */
const VALUE = '…'

/**
 * Comments, quoted identifiers, texts in dollars, texts with backslashes, other texts, numbers; each to the
 * end where it is not closed, because servers keep only the head of a query.
 * https://www.postgresql.org/docs/18/sql-syntax-lexical.html
 */
const TOKENS =
  /(?<comment>\/\*[\s\S]*?(?:\*\/|$)|--[^\n]*)|(?<identifier>"(?:[^"]|"")*")|(?<![\w$])\$(?<tag>(?:[a-z_]\w*)?)\$[\s\S]*?(?:\$\k<tag>\$|$)|\be'(?:[^'\\]|''|\\[\s\S])*(?:'|$)|(?:\b[bxn]|\bu&)?'(?:[^']|'')*(?:'|$)|"[^"]*$|(?<![\w$.])[\d.]*\d[\w.]*/gi

/**
 * The head of a query on one line, its values taken out: a log is no place for the data that a query carries.
 * Comments go too. Where the end of a text is unclear, nothing after it is shown. The empty query
 * stays empty.
 */
export function queryHead(query: string, length = 120): string {
  const shown = query.replace(TOKENS, (...match) => {
    const [found] = match
    const { comment, identifier } = match.at(-1)
    const end = isAmbiguous(found, comment) ? CUT : ''
    if (comment !== undefined) return ` ${end}`
    return `${identifier ?? VALUE}${end}`
  })
  const [safe = ''] = shown.split(CUT)
  const line = printable(safe).replace(/\s+/g, ' ').trim()
  const characters = [...line]
  return characters.length <= length ? line : `${characters.slice(0, length - 1).join('')}…`
}

/** Marks where the text goes dark; it cannot be in a query, because PostgreSQL has no such character. */
const CUT = '\0'

/** A comment within a comment, or a backslash before the quote, whose meaning depends on a setting. */
function isAmbiguous(found: string, comment: string | undefined): boolean {
  if (comment !== undefined) return comment.lastIndexOf('/*') > 0
  return /^'/.test(found) && found.includes("\\'")
}
