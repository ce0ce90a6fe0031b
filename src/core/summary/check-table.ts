import type { Check, CheckVerdict } from '../checks/check.ts'
import { renderAmount } from '../text/counts.ts'
import { literal, table } from '../text/markdown.ts'
import { truncate } from '../text/truncate.ts'

/** Rows of each table of checks; the record has them all. */
const ROWS_SHOWN = 40

/** Characters of one cell: a job summary ends at 1 MiB. */
const CELL_LENGTH = 300

const CHECK_ICONS: Readonly<Record<CheckVerdict, string>> = {
  fail: '❌',
  'not-measured': '⚠️',
  pass: '✅',
  information: 'ℹ️',
}

/** The failed checks and those that could not be measured, as Markdown blocks; none when there are none. */
export function renderOpenChecks(checks: readonly Check[]): readonly string[] {
  return renderCheckTable([...withVerdict(checks, 'fail'), ...withVerdict(checks, 'not-measured')])
}

/** The checks that passed, folded away; none when there are none. */
export function renderPassedChecks(checks: readonly Check[]): readonly string[] {
  return renderFolded(checks, 'pass', count => `${renderAmount(count, 'check')} passed`)
}

/** The checks that decide nothing, folded away; none when there are none. */
export function renderInformation(checks: readonly Check[]): readonly string[] {
  return renderFolded(checks, 'information', count => `${count} for information`)
}

function renderFolded(
  checks: readonly Check[],
  verdict: CheckVerdict,
  title: (count: number) => string,
): readonly string[] {
  const rows = withVerdict(checks, verdict)
  if (rows.length === 0) return []
  const summary = `<summary>${CHECK_ICONS[verdict]} ${title(rows.length)}</summary>`
  return [`<details>${summary}`, ...renderCheckTable(rows), '</details>']
}

function renderCheckTable(checks: readonly Check[]): readonly string[] {
  if (checks.length === 0) return []
  const rows = checks
    .slice(0, ROWS_SHOWN)
    .map(({ verdict, group, name, expected, found, note }) => [
      CHECK_ICONS[verdict],
      `${cell(name)} (${group})`,
      cell(expected),
      note === null ? cell(found) : `${cell(found)}<br>${cell(note)}`,
    ])
  const hidden = checks.length - rows.length
  const more = hidden > 0 ? [`_and ${hidden} more, all in the record_`] : []
  return [table(['', 'Check', 'Expected', 'Found'], rows), ...more]
}

function withVerdict(checks: readonly Check[], verdict: CheckVerdict): readonly Check[] {
  return checks.filter(check => check.verdict === verdict)
}

function cell(text: string): string {
  return literal(truncate(text, CELL_LENGTH))
}
