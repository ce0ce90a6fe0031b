import type { Check } from '../checks/check.ts'
import { FILLED } from '../checks/definitions.ts'
import { OperatorError } from '../errors.ts'
import { quoteIdentifier } from '../pg/quote.ts'
import { renderName } from '../text/counts.ts'
import type { LeftOut } from './pass.ts'

/** Comparisons of texts end differently under another collation. */
const DECIDED_BY_COLLATION =
  /violates (check|partition|unique|exclusion) constraint|is violated by some row|no partition of relation|could not create (unique|exclusion)/

/**
 * A failure that a difference of the server explains is not known to be the archive's: `missingLocale` says
 * in a sentence which locale the server lacks.
 */
export function excuseByLocale(error: unknown, missingLocale: string | undefined): unknown {
  if (missingLocale === undefined || !(error instanceof OperatorError)) return error
  if (error.facts.blame !== 'contents' || !DECIDED_BY_COLLATION.test(error.message)) return error
  return new OperatorError(error.code, `${error.message} ${missingLocale}`, {
    ...error.facts,
    blame: 'unknown',
    hint: 'Texts compare differently without the locale of the source, which explains this failure: it says nothing about the backup. Install the locale where the server is (locale-gen), or give a server that has it by scratch-url.',
  })
}

/**
 * A failure after an extension was left out may be for want of it: function bodies do not say what they
 * need.
 */
export function excuseByExtensions(error: unknown, leftOut: readonly LeftOut[]): unknown {
  const extensions = leftOut.filter(({ entry }) => entry.kind === 'EXTENSION').map(({ entry }) => entry.name)
  if (extensions.length === 0 || !(error instanceof OperatorError) || error.facts.blame !== 'contents')
    return error
  return new OperatorError(error.code, error.message, {
    ...error.facts,
    blame: 'unknown',
    hint: `The server lacks ${extensions.join(', ')}, and this may be for want of it: it says nothing about the backup. ${error.hint ?? ''}`.trim(),
  })
}

/**
 * Differences from the manifest that what was left out explains: they stay to be read, and decide nothing.
 */
export function excuseLeftOut(checks: readonly Check[], leftOut: readonly LeftOut[]): readonly Check[] {
  const reasons = new Map(leftOut.flatMap(left => namesOf(left).map(name => [name, left] as const)))
  return checks.map(check => {
    const left = reasons.get(check.name)
    return left === undefined || check.verdict !== 'fail'
      ? check
      : { ...check, verdict: 'not-measured', note: `Left out: ${left.why}.` }
  })
}

/** As format('%I') does it, for names that are no keywords. */
function quoteWhereNeeded(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteIdentifier(name)
}

/** How checks call what an entry makes. */
function namesOf({ entry }: LeftOut): readonly string[] {
  const name = renderName({ schema: entry.schema ?? 'public', name: entry.name })
  switch (entry.kind) {
    case 'EXTENSION':
      return [`extension ${entry.name}`]
    case 'TABLE DATA':
      return [`table ${name}`]
    case 'SEQUENCE SET':
      return [`sequence ${name}`]
    case 'MATERIALIZED VIEW DATA':
      return [
        `definition of ${FILLED} ${[entry.schema ?? 'public', entry.name].map(quoteWhereNeeded).join('.')}`,
      ]
    default:
      return []
  }
}
