import { renderPolicy } from '../../core/retention/policy.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import { renderAmount } from '../../core/text/counts.ts'
import { code, literal, table } from '../../core/text/markdown.ts'
import type { DueBackup } from '../../steps/retention/plan-deletions.ts'
import type { PruneRequest, PruneResult } from '../../steps/retention/prune.ts'

/** Rows of a table: a summary has at most 1 MiB. */
const MOST_ROWS = 300

/**
 * The job summary: what was or would be deleted, what waits for a lock, and why each other backup is kept.
 */
export function renderPruneSummary(result: PruneResult, request: PruneRequest, database: string): string {
  const { plan, failure } = result
  const { retention, deletions, hidden } = plan
  return renderSummaryPage({
    verdict: `${verdictOf(result, request)}: ${literal(database)}`,
    problems: [
      failure === undefined ? '' : literal(failure.message),
      retention.problems.map(problem => `- ${literal(problem)}`).join('\n'),
      hidden.length === 0
        ? ''
        : `${renderAmount(hidden.length, 'manifest')} ${hidden.length === 1 ? 'is' : 'are'} hidden by a delete marker: ${hidden.slice(0, 20).map(code).join(', ')}.`,
    ],
    facts: [
      ['Policy', literal(renderPolicy(request.policy))],
      ['Kept', String(retention.kept.length)],
      [request.mode === 'plan' ? 'To delete' : 'Planned', describeDue(deletions.now)],
      ...(request.mode === 'apply' ? [['Deleted', describeDue(result.deleted)] as const] : []),
      ['Locked in the store', String(deletions.waiting.length)],
      ['Left for the next run (max-delete)', String(deletions.later.length)],
      ['Plan', code(plan.digest)],
    ],
    next: [nextStep(result, request)],
    details: [
      section('Deleted', result.deleted, toRow),
      section('To delete', result.deleted.length === 0 ? deletions.now : [], toRow),
      section('Locked', deletions.waiting, toRow),
      section(
        'In doubt: counted apart, so that they displace no others',
        [...retention.doubts],
        ([id, doubt]) => [code(id), literal(doubt)],
      ),
      section('Kept', retention.kept, ({ backup, reasons }) => [
        code(backup.id),
        literal(reasons.join('; ')),
      ]),
    ],
  })
}

function verdictOf({ failure, deleted, plan }: PruneResult, { mode }: PruneRequest): string {
  if (failure !== undefined) return '❌ Retention failed'
  if (mode === 'apply') return `✅ Deleted ${renderAmount(deleted.length, 'backup')}`
  return `📋 Plan: ${renderAmount(plan.deletions.now.length, 'backup')} to delete`
}

function describeDue(due: readonly DueBackup[]): string {
  const bytes = due.reduce((sum, { archive }) => sum + archive.bytes, 0)
  return `${renderAmount(due.length, 'backup')}, ${renderBytes(bytes)}`
}

function nextStep({ failure, plan }: PruneResult, { mode }: PruneRequest): string {
  if (failure !== undefined) return literal(failure.hint ?? '')
  const { now, later } = plan.deletions
  if (mode === 'plan' && now.length > 0)
    return `Run again with mode ${code('apply')} and expect-plan ${code(plan.digest)}: exactly these are deleted.`
  return later.length > 0 ? 'Run again to delete the rest, or raise max-delete.' : 'Nothing.'
}

function toRow({ id, archive, lock }: DueBackup): readonly [string, string] {
  const hold = lock.isLegalHold ? 'legal hold' : ''
  const until = lock.until === null ? '' : `locked until ${lock.until.toISOString()}`
  const facts = [renderBytes(archive.bytes), until, hold].filter(text => text !== '')
  return [code(id), literal(facts.join(', '))]
}

function section<T>(
  title: string,
  items: readonly T[],
  toCells: (item: T) => readonly [string, string],
): string {
  if (items.length === 0) return ''
  const rest = items.length - MOST_ROWS
  const rows = items.slice(0, MOST_ROWS).map(toCells)
  return [`### ${title}`, table(['Backup', 'Why'], rows), rest > 0 ? `And ${rest} more.` : '']
    .filter(block => block !== '')
    .join('\n\n')
}
