/** Phrases that docs/style.md bans, and comment lines that are too long, found in texts that people read. */

/** Wording of a translation rather than of an engineer. docs/style.md has a replacement for each. */
const BANNED: readonly RegExp[] = [
  /\b(who|what|which)ever\b/,
  /\b(no|some|any|every)body\b/,
  /\bshall\b/,
  /\bbeside (it|the old|them|this|that|each)\b/,
  /\b(gives?|gave|giving) way\b/,
  /\b(is|are|was|were|be|been) told\b/,
  /\b(is|are|was|were|stands?|stood|be) in the way\b/,
  /\bpass(es|ed|ing) over\b/,
  /\banew\b/,
  /\bthat is none\b|\bnone of ours\b/,
  /\bto the letter\b/,
  /\bin silence\b/,
  /\btells? (of|by)\b/,
  /\b(speaks?|stands?) (of|against|for itself)\b/,
  /\bhas to be (believed|borne)\b/,
  /\bway back\b/,
  /\bby night\b|\bat all times\b/,
  /\bone a (line|run|table)\b/,
  /\bis (as good as|worth) nothing\b/,
]

export const COMMENT_COLUMNS = 110

/**
 * The banned phrases in a text, in order. What stands in backticks is a name or a quotation: the user
 * `nobody`.
 */
export function bannedPhrases(text: string): readonly string[] {
  const prose = text.replace(/`[^`\n]*`/g, code => ' '.repeat(code.length))
  const found = BANNED.flatMap(pattern =>
    [...prose.matchAll(new RegExp(pattern, 'gi'))].map(match => ({ at: match.index, phrase: match[0] })),
  )
  return found.toSorted((a, b) => a.at - b.at).map(({ phrase }) => phrase)
}

export function countWords(text: string): number {
  return text.match(/[\p{L}\p{N}'’-]+/gu)?.length ?? 0
}

export interface CommentLine {
  readonly line: number
  readonly text: string
}

/** The comment lines of a formatted TypeScript file, with their indentation. */
export function commentLines(source: string): readonly CommentLine[] {
  let isInBlock = false
  return source.split('\n').flatMap((text, index) => {
    const isComment = isInBlock || /^\s*(\/\/|\/\*)/.test(text)
    if (/^\s*\/\*/.test(text)) isInBlock = true
    if (isInBlock && text.includes('*/')) isInBlock = false
    return isComment ? [{ line: index + 1, text }] : []
  })
}

/** Prose of a Markdown file: without code blocks, inline code and the targets of links. */
export function proseOf(markdown: string): string {
  return markdown
    .replace(/^(```|~~~)[\s\S]*?^\1.*$/gm, '')
    .replace(/`[^`\n]*`/g, '')
    .replace(/\]\([^)]*\)/g, ']')
}

/** String and template literals of a source file: messages, hints, summaries. Interpolations are left out. */
export function literalsOf(source: string): string {
  const code = source
    .split('\n')
    .filter(line => !/^\s*(\/\/|\/?\*|import\b|export .* from)/.test(line))
    .join('\n')
  return [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g)]
    .map(([, single, template]) => single ?? (template ?? '').replace(/\$\{[^}]*\}/g, 'X'))
    .filter(text => text.includes(' '))
    .join('\n')
}

/** `file:line: what is wrong`, for a file whose path is relative to the repository. */
export function proseProblems(file: string, source: string): readonly string[] {
  if (file.endsWith('.md')) return linesWithBanned(file, blankCode(source))
  if (file.endsWith('.yml')) return linesWithBanned(file, source)
  const comments = commentLines(source)
  return [
    ...comments
      .filter(({ text }) => text.length > COMMENT_COLUMNS && !/https?:\/\/\S+$/.test(text))
      .map(
        ({ line, text }) =>
          `${file}:${line}: a comment line has ${text.length} columns (at most ${COMMENT_COLUMNS})`,
      ),
    ...comments.flatMap(({ line, text }) =>
      bannedPhrases(text).map(phrase => `${file}:${line}: "${phrase}" (docs/style.md)`),
    ),
    ...(file.startsWith('src/') ? linesWithBanned(file, literalLines(source)) : []),
  ]
}

function linesWithBanned(file: string, text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      bannedPhrases(line).map(phrase => `${file}:${index + 1}: "${phrase}" (docs/style.md)`),
    )
}

/** The text with code replaced by blanks, so that line numbers stay. */
function blankCode(markdown: string): string {
  return markdown
    .replace(/^(```|~~~)[\s\S]*?^\1.*$/gm, block => block.replace(/[^\n]/g, ''))
    .replace(/`[^`\n]*`/g, '')
    .replace(/\]\([^)]*\)/g, ']')
}

/** Each line of a source file reduced to the literals on it; comments are blank. */
function literalLines(source: string): string {
  const comments = new Set(commentLines(source).map(({ line }) => line))
  return source
    .split('\n')
    .map((line, index) => (comments.has(index + 1) ? '' : literalsOf(line)))
    .map(text => text.replaceAll('\n', ' '))
    .join('\n')
}
