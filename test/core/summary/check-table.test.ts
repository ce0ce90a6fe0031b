import { describe, expect, it } from 'vitest'
import {
  renderInformation,
  renderOpenChecks,
  renderPassedChecks,
} from '../../../src/core/summary/check-table.ts'
import { sampleCheck } from '../../support/samples/records.ts'

const pass = sampleCheck('exact', 'pass', 'table users')
const fail = sampleCheck('exact', 'fail', 'table links')
const gap = sampleCheck('criteria', 'not-measured', 'orders')
const note = sampleCheck('structure', 'information', 'index i')
const all = [pass, note, gap, fail]

describe('the tables of checks', () => {
  it('are absent where there is nothing to show', () => {
    expect([[], [note]].map(renderOpenChecks)).toEqual([[], []])
    expect([[], [fail]].map(renderPassedChecks)).toEqual([[], []])
    expect([[], [pass]].map(renderInformation)).toEqual([[], []])
  })

  it('show failures first, then gaps', () => {
    expect(renderOpenChecks(all)).toEqual([
      [
        '|  | Check | Expected | Found |',
        '| :--- | :--- | :--- | :--- |',
        '| ❌ | table links (exact) | 20,000 rows | 20,000 rows |',
        '| ⚠️ | orders (criteria) | 20,000 rows | 20,000 rows |',
      ].join('\n'),
    ])
  })

  it('fold away what passed and what decides nothing, each with its count', () => {
    expect(renderPassedChecks(all)[0]).toBe('<details><summary>✅ 1 check passed</summary>')
    expect(renderPassedChecks([pass, pass])[0]).toContain('2 checks passed')
    expect(renderInformation(all)[0]).toBe('<details><summary>ℹ️ 1 for information</summary>')
    expect(renderInformation(all).at(-1)).toBe('</details>')
  })

  it('show 40 rows, and say how many more there are', () => {
    const [rows = '', more] = renderOpenChecks(Array(43).fill(fail))
    expect(rows.split('\n')).toHaveLength(42)
    expect(more).toBe('_and 3 more, all in the record_')
    expect(renderOpenChecks(Array(40).fill(fail))).toHaveLength(1)
  })

  it('keep a hostile name on one row and out of the page', () => {
    const hostile = { ...fail, name: 'a | b\n</details><img src=x>', found: '@everyone', note: 'x\n# y' }
    const [rows = ''] = renderOpenChecks([hostile])
    expect(rows.split('\n')).toHaveLength(3)
    expect(rows).not.toMatch(/<img|<\/details>| \| b|(?<!<span>)@/)
  })

  it('cut a long value, never through a character', () => {
    const [rows = ''] = renderOpenChecks([{ ...fail, found: `${'x'.repeat(299)}😀` }])
    expect(rows).toContain(`${'x'.repeat(299)}… |`)
  })
})
