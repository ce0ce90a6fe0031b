import { type Check, gapsOf } from '../../core/checks/check.ts'
import { RESTORE } from '../../core/drill/drill-checks.ts'
import type { DrillRecord } from '../../core/drill/drill-record.ts'
import { OperatorError } from '../../core/errors.ts'
import type { DrillInputs } from './inputs.ts'

/** The error that a verdict makes of the step; undefined where the operator lets it pass. */
export function toFailure(record: DrillRecord, failOn: DrillInputs['failOn']): OperatorError | undefined {
  const { verdict } = record.drill
  if (verdict === 'fail' && failOn !== 'never') return failed(record)
  if (verdict === 'not-measured' && failOn === 'not-measured') return notMeasured(record)
  return undefined
}

/** `The backup …`, or the database that was judged instead of one. */
function subjectOf({ backup, restored }: DrillRecord): string {
  return restored === null ? `backup ${backup.id}` : `database ${restored.database} on ${restored.host}`
}

function failed(record: DrillRecord): OperatorError {
  const { checks } = record
  const failures = checks.filter(({ verdict }) => verdict === 'fail')
  return new OperatorError(
    'DRILL_FAILED',
    `The ${subjectOf(record)} failed its drill: ${renderFirst(failures)}.`,
    { hint: 'The job summary lists every check and what to do next.' },
  )
}

/** A requested check could not be made, or there was nothing to compare with. */
function notMeasured(record: DrillRecord): OperatorError {
  const { checks } = record
  const subject = record.restored === null ? record.backup.id : subjectOf(record)
  const gaps = gapsOf(checks)
  if (gaps.length > 0) {
    const why = gaps[0]?.note?.replace(/\.$/, '') ?? ''
    return new OperatorError(
      'DRILL_NOT_MEASURED',
      `The drill of ${subject} could not measure what was asked: ${renderFirst(gaps)}. ${why}.`,
      { hint: 'The job summary says what to do, and has the other checks.' },
    )
  }
  const restore = checks.find(
    ({ group, name, verdict }) => group === 'restore' && name === RESTORE.name && verdict === 'not-measured',
  )
  if (restore !== undefined)
    return new OperatorError(
      'DRILL_NOT_MEASURED',
      `The drill of ${subject} proves nothing about the backup: ${restore.found}.`,
      { hint: restore.note ?? '' },
    )
  const nothing = checks.find(({ group, verdict }) => group === 'exact' && verdict === 'not-measured')
  return new OperatorError(
    'DRILL_NOT_MEASURED',
    `The drill of ${subject} proves nothing, and no criteria were given. ${nothing?.note ?? ''}`.trim(),
    {
      hint:
        record.restored === null
          ? 'Make backups with fingerprint: counts or content of a database that holds rows, or give criteria.'
          : 'Give criteria with tolerances: docs/drill-criteria.md.',
    },
  )
}

function renderFirst([first, ...more]: readonly Check[]): string {
  const rest = more.length > 0 ? `, and ${more.length} more` : ''
  return `${first?.name}: expected ${first?.expected}, found ${first?.found}${rest}`
}
