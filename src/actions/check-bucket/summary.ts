import type { PostureFinding, PostureVerdict } from '../../core/posture/finding.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { code, codeBlock, literal, table } from '../../core/text/markdown.ts'
import type { PostureReport } from '../../steps/posture/check-bucket.ts'

export const FIX_HINT = 'Run the commands in the job summary with an administrator of the bucket.'

const SIGNS: Readonly<Record<PostureVerdict, string>> = {
  pass: '✅ pass',
  fail: '❌ fail',
  'not-measured': '❔ not measured',
  'not-applicable': '➖ not applicable',
}

/**
 * The job summary: every line with its evidence, the commands that repair, and the change of the lifecycle.
 */
export function renderBucketSummary(
  { findings, difference }: PostureReport,
  mode: 'report' | 'apply',
  bucket: string,
): string {
  const failed = findings.filter(({ verdict }) => verdict === 'fail')
  const sign = failed.length === 0 ? '✅ Bucket is fit' : '❌ Bucket is not fit'
  const fixes = failed.flatMap(({ fix }) => fix ?? [])
  const rows = findings.map(({ check, verdict, evidence, right }) => [
    literal(check),
    SIGNS[verdict],
    literal(evidence),
    code(right),
  ])
  return renderSummaryPage({
    verdict: `${sign}: ${literal(bucket)}`,
    facts: [['Checks', countVerdicts(findings)]],
    next: nextSteps(fixes, mode, difference),
    details: [
      table(['Check', 'Verdict', 'Evidence', 'Right'], rows),
      difference.length === 0 ? '' : `### ${mode === 'apply' ? 'Changed' : 'What apply would change'}`,
      difference.length === 0 ? '' : codeBlock(difference.join('\n'), 'diff'),
    ],
  })
}

function countVerdicts(findings: readonly PostureFinding[]): string {
  const counts = Map.groupBy(findings, ({ verdict }) => verdict)
  return [...counts].map(([verdict, of]) => `${of.length} ${verdict}`).join(', ')
}

function nextSteps(
  fixes: readonly string[],
  mode: 'report' | 'apply',
  difference: readonly string[],
): readonly string[] {
  const apply =
    mode === 'report' && difference.length > 0
      ? [`Run with mode ${code('apply')} to write the rules of the lifecycle.`]
      : []
  const commands = [...new Set(fixes)]
  if (commands.length === 0) return apply.length === 0 ? ['Nothing.'] : apply
  return [...apply, literal(FIX_HINT), codeBlock(commands.join('\n'), 'sh')]
}
