import { expect, it } from 'vitest'
import { renderSummaryPage } from '../../../src/core/summary/summary-page.ts'

it('a job summary has its parts in one order, whatever they are', () => {
  const page = renderSummaryPage({
    details: ['the details'],
    trend: { title: 'Last runs', trend: { chart: 'a  █', comparisons: ['One.', 'Two.'] } },
    next: ['Do this.', 'Then that.'],
    facts: [['Backup', 'x']],
    problems: ['It broke.'],
    verdict: '❌ Failed',
  })
  expect(page).toBe(
    [
      '## ❌ Failed',
      'It broke.',
      '| Backup | x |\n| :--- | :--- |',
      '### What to do next',
      'Do this.',
      'Then that.',
      '### Last runs',
      'One. Two.',
      '```text\na  █\n```',
      'the details',
    ].join('\n\n'),
  )
})

it('a job summary leaves out empty parts, and may show a trend without comparison', () => {
  expect(renderSummaryPage({ verdict: '✅ Done', problems: [''], next: [], trend: undefined })).toBe(
    '## ✅ Done',
  )
  const trend = { title: 'Last runs', trend: { chart: 'a', comparisons: [] } }
  expect(renderSummaryPage({ verdict: 'x', trend })).toBe('## x\n\n### Last runs\n\n```text\na\n```')
})
