import { type Document, isMap, isNode, LineCounter, parseDocument, visit } from 'yaml'
import type { Criterion } from '../../core/criteria/criterion.ts'
import type { CriteriaProblem } from '../../core/criteria/fields.ts'
import { parseCriteriaDocument } from '../../core/criteria/parse.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'

/**
 * Reads a criteria file (docs/drill-criteria.md); throws INVALID_INPUT with every problem as
 * `file:line:column: …`.
 */
export function readCriteria(text: string, fileName: string): readonly Criterion[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const mistakes = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    offset: pos[0],
    message,
  }))
  mistakes.push(...unresolvedAliases(document), ...inexactNumbers(document))
  // What YAML itself could not read is not worth judging any further.
  if (mistakes.length > 0) throw refusal(fileName, lines, mistakes)
  const { criteria, problems } = parseCriteriaDocument(toPlain(document, fileName))
  if (problems.length === 0) return criteria
  throw refusal(
    fileName,
    lines,
    problems.map(problem => ({ offset: offsetOf(document, problem), message: problem.message })),
  )
}

function unresolvedAliases(document: Document): readonly Mistake[] {
  const mistakes: Mistake[] = []
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined)
        mistakes.push({
          offset: alias.range?.[0] ?? 0,
          message: `there is no anchor &${alias.source} before this alias`,
        })
    },
  })
  return mistakes
}

/**
 * Numbers with more digits than a JavaScript number holds: what would be compared is not what was written.
 */
function inexactNumbers(document: Document): readonly Mistake[] {
  const mistakes: Mistake[] = []
  visit(document, {
    Scalar(_, { value, source, range }) {
      if (typeof value === 'number' && source !== undefined && losesDigits(source, value))
        mistakes.push({
          offset: range?.[0] ?? 0,
          message: 'a number of this size has to be in quotes, so that no digit is lost',
        })
    },
  })
  return mistakes
}

/** Fifteen significant digits always come back. */
function losesDigits(source: string, value: number): boolean {
  if (!/^[-+]?(\d+\.?\d*|\.\d+)$/.test(source)) return false
  const significant = (text: string) => {
    const [whole = '', fraction = ''] = text.replace(/^[-+]/, '').split('.')
    return (whole + fraction.replace(/0+$/, '')).replace(/^0+/, '')
  }
  return significant(source).length > 15 && significant(source) !== significant(String(value))
}

/** Throws INVALID_INPUT where aliases multiply without end. */
function toPlain(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new OperatorError('INVALID_INPUT', `${fileName} cannot be read: ${errorMessage(error)}.`, {
      hint: 'Write out what the aliases stand for.',
      cause: error,
    })
  }
}

interface Mistake {
  readonly offset: number
  readonly message: string
}

function refusal(fileName: string, lines: LineCounter, mistakes: readonly Mistake[]): OperatorError {
  const texts = mistakes
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ offset, message }) => {
      const { line, col } = lines.linePos(offset)
      return `${fileName}:${Math.max(1, line)}:${Math.max(1, col)}: ${message}`
    })
  const [first = ''] = texts
  const message =
    texts.length === 1 ? first : `${texts.length} things in ${fileName} are wrong:\n- ${texts.join('\n- ')}`
  return new OperatorError('INVALID_INPUT', message, {
    hint: 'Correct the criteria file; docs/drill-criteria.md describes it. Nothing was done.',
  })
}

/** Where a problem begins in the text: at its key, at its value, or at what encloses it. */
function offsetOf(document: Document, { path, at }: CriteriaProblem): number {
  if (at === 'key') {
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
    const key = isMap(parent)
      ? parent.items.find(({ key }) => isNode(key) && String(key) === path.at(-1))?.key
      : undefined
    if (isNode(key)) return key.range?.[0] ?? 0
  }
  const value = path.length === 0 ? document.contents : document.getIn(path, true)
  if (isNode(value)) return value.range?.[0] ?? 0
  return path.length === 0 ? 0 : offsetOf(document, { path: path.slice(0, -1), at: 'value', message: '' })
}
