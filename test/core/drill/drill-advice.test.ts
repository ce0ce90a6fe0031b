import { describe, expect, it, test } from 'vitest'
import { type Check, verdictOf } from '../../../src/core/checks/check.ts'
import { adviseAfterDrill } from '../../../src/core/drill/drill-advice.ts'
import { sampleCheck, sampleRecord } from '../../support/samples/records.ts'

function adviceOn(...checks: readonly Check[]): string {
  return adviseAfterDrill(sampleRecord({ checks, verdict: verdictOf(checks) })).join('\n')
}

describe('what to do next', () => {
  it('is nothing after a drill that passed', () => {
    expect(adviceOn(sampleCheck('exact', 'pass'))).toBe('')
  })

  test.each<[string, readonly Check[], string]>([
    ['is damaged', [sampleCheck('restore', 'fail', 'archive')], 'Take this backup for lost'],
    ['does not restore as it is', [sampleCheck('restore', 'fail', 'restore')], 'Mend in the source'],
    [
      'failed for a cause that is not known',
      [{ ...sampleCheck('restore', 'not-measured', 'restore'), note: 'The cause is not known.' }],
      'The cause is not known.',
    ],
    ['restores something else', [sampleCheck('exact', 'fail')], 'Do not rely on this backup'],
    [
      'is too old',
      [sampleCheck('restore', 'fail', 'age of the backup')],
      'Find out why no newer backup was made',
    ],
    [
      'is exact, but misses a criterion',
      [sampleCheck('exact', 'pass'), sampleCheck('criteria', 'fail')],
      'the backup is not at fault: look at production',
    ],
    [
      'misses a criterion, and nothing else is known',
      [sampleCheck('criteria', 'fail')],
      'either data is missing',
    ],
    [
      'lacks an extension',
      [sampleCheck('structure', 'fail', 'extension citext')],
      'Install the missing extensions',
    ],
    ['has a sequence behind', [sampleCheck('structure', 'fail', 'sequence s')], 'Set the sequences'],
    ['lacks indexes', [sampleCheck('structure', 'fail', 'indexes')], 'Compare the schema'],
    [
      'fails the smoke command',
      [sampleCheck('exact', 'pass'), sampleCheck('smoke', 'fail')],
      'smoke command',
    ],
    ['compared nothing', [sampleCheck('structure', 'pass')], 'Give the drill something to compare with'],
    [
      'left a criterion open',
      [sampleCheck('exact', 'pass'), sampleCheck('criteria', 'not-measured')],
      'Make every criterion measurable',
    ],
  ])('after a backup that %s', (_, checks, sentence) => {
    expect(adviceOn(...checks)).toContain(sentence)
  })

  it('names the instant, to the second, before which to look for a whole backup', () => {
    expect(adviceOn(sampleCheck('exact', 'fail'))).toContain('backup: latest-before:2026-11-30T03:15:00Z')
  })

  it('does not send anybody to the criteria of a backup that did not restore', () => {
    const advice = adviceOn(sampleCheck('restore', 'fail', 'restore'), sampleCheck('criteria', 'fail'))
    expect(advice).not.toContain('criteria')
  })

  it('does not call a backup broken that is only old', () => {
    const advice = adviceOn(sampleCheck('exact', 'pass'), sampleCheck('restore', 'fail', 'age of the backup'))
    expect(advice).not.toMatch(/lost|rely/)
  })

  it('is there for every drill that did not pass', () => {
    for (const group of ['restore', 'exact', 'criteria', 'structure', 'smoke'] as const)
      for (const verdict of ['fail', 'not-measured'] as const)
        expect(adviceOn(sampleCheck(group, verdict)), `${group} ${verdict}`).not.toBe('')
  })
})
