import type { OperatorError } from '../../core/errors.ts'
import type { CutoverRecord, CutoverState } from '../../core/render/cutover-record.ts'
import type { RenderDatabase } from '../../core/render/resources.ts'
import { renderNotice } from '../../core/restore/user-notice.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { code, codeBlock, literal } from '../../core/text/markdown.ts'

export interface CutoverOutcome {
  readonly old: Pick<RenderDatabase, 'id' | 'name'>
  readonly fresh: Pick<RenderDatabase, 'id' | 'name'>
  readonly direction: 'forward' | 'undo'
  readonly steps: readonly string[]
  /** How many steps are done. */
  readonly done: number
  readonly state: CutoverState
  readonly id?: string
  readonly uri?: string
  readonly notice?: string
  readonly failure?: OperatorError | undefined
}

const HEADINGS: Readonly<Record<CutoverState, string>> = {
  planned: '📋 Plan of the cutover',
  'under way': '❌ Cutover stopped half way',
  done: '✅ Cut over',
  'being undone': '❌ Undoing stopped half way',
  undone: '✅ Cutover undone',
}

/** The job summary: what was moved, what is done and what is not, and both ways on. */
export function renderCutoverSummary(outcome: CutoverOutcome): string {
  const { old, fresh, state, id, uri, failure, notice = '' } = outcome
  return renderSummaryPage({
    verdict: `${HEADINGS[state]}: ${literal(old.name)}`,
    problems: failure === undefined ? [] : [literal(failure.message.split('\n')[0] ?? '')],
    facts: [
      ['Old database', `${literal(old.name)}, ${code(old.id)}`],
      ['New database', `${literal(fresh.name)}, ${code(fresh.id)}`],
      ...(id === undefined ? [] : [['Cutover', code(id)] as const]),
      ...(uri === undefined ? [] : [['Record', code(uri)] as const]),
    ],
    next: [
      literal(adviseNext(outcome)),
      ...(notice === '' ? [] : ['Tell your users:', codeBlock(notice, 'markdown')]),
    ],
    details: [renderSteps(outcome)],
  })
}

function renderSteps({ steps, done, state }: CutoverOutcome): string {
  const mark = (index: number) => {
    if (state === 'planned') return ''
    if (index < done) return '✅ '
    return index === done ? '❌ ' : '⏸️ '
  }
  return steps.map((step, i) => `${i + 1}. ${mark(i)}${literal(step)}`).join('\n')
}

function adviseNext({ state, old, fresh, id, direction }: CutoverOutcome): string {
  switch (state) {
    case 'planned':
      return direction === 'undo'
        ? 'Run it without dry-run to go back to the old database.'
        : `Run it without dry-run and with confirm: ${old.name}.`
    case 'done':
      return `Watch the service. ${old.id} is suspended; delete it in some days. To go back: undo: ${id}.`
    case 'undone':
      return `What was written to ${fresh.id} since the cutover is only there. It is still running and costs money.`
    default:
      return `Run the same step again to continue${direction === 'undo' ? '' : `, or go back with undo: ${id}`}.`
  }
}

/** The notice of runbook §4.2: what was written between the restored instant and the freeze is lost. */
export function renderUserNotice(record: CutoverRecord, frozenAt: Date | undefined, now: Date): string {
  const { recoveredTo, database } = record.cutover
  if (recoveredTo === null) return ''
  const facts = { database, isPart: false, snapshotAt: new Date(recoveredTo), now }
  return renderNotice({ ...facts, replacedAt: frozenAt ?? null })
}
