import { describe, expect, it, test } from 'vitest'
import type { SequenceFingerprint } from '../../../src/core/backup/manifest.ts'
import { exactChecks } from '../../../src/core/checks/compare-manifest.ts'
import type { RestoredSequence } from '../../../src/core/checks/sequences.ts'
import { failureLines, failures, restored, sequences, withFingerprint } from '../../support/exact-checks.ts'
import { SAMPLE, sampleSequence } from '../../support/samples/manifest.ts'

describe('a sequence', () => {
  test.each([
    ['at the snapshot', '20000'],
    ['between snapshot and end', '20002'],
    ['at the end', '20003'],
  ])('%s passes', (_, value) => {
    expect(failures(exactChecks(SAMPLE, restored({ sequences: sequences(value, null) })))).toEqual([])
  })

  test.each([
    ['set back', '19999', 'sequence users_id_seq: 20000 to 20003 | 19999'],
    ['ahead', '20004', 'sequence users_id_seq: 20000 to 20003 | 20004'],
    ['never used', null, 'sequence users_id_seq: 20000 to 20003 | never used'],
  ])('%s fails', (_, value, line) => {
    expect(failureLines(exactChecks(SAMPLE, restored({ sequences: sequences(value, null) })))).toEqual([line])
  })

  it('that was never used and now was fails', () => {
    expect(failureLines(exactChecks(SAMPLE, restored({ sequences: sequences('20000', '1') })))).toEqual([
      'sequence unused_seq: never used | 1',
    ])
  })

  it('that is missing, or one too many, fails', () => {
    const other = new Map([
      ['a.b', { schema: 'a', name: 'b', value: '1', next: null, isConfiguration: false }],
    ])
    expect(failureLines(exactChecks(SAMPLE, restored({ sequences: other })))).toEqual([
      'sequence users_id_seq: 20000 to 20003 | no such sequence',
      'sequence unused_seq: never used | no such sequence',
      'sequence a.b: no such sequence | 1',
    ])
  })

  test.each<[string, string | null, string | null, string | null, boolean]>([
    ['counting down', '-5', '-9', '-7', true],
    ['counting down, behind', '-5', '-9', '-4', false],
    ['used first during the dump', null, '3', '2', true],
    ['used first during the dump, not yet in the archive', null, '3', null, true],
    ['used first during the dump, ahead', null, '3', '4', false],
    ['beyond 2^53', '9007199254740993', '9007199254740993', '9007199254740992', false],
  ])('%s: %s to %s, found %s', (_, atSnapshot, atEnd, value, passes) => {
    const one = withFingerprint({ sequences: [sampleSequence('s', { atSnapshot, atEnd })] })
    const found = new Map([
      ['public.s', { schema: 'public', name: 's', value, next: null, isConfiguration: false }],
    ])
    expect(failures(exactChecks(one, restored({ sequences: found })))).toHaveLength(passes ? 0 : 1)
  })

  const UNUSED = { atSnapshot: null, atEnd: null, nextAtSnapshot: '5000', nextAtEnd: '5000' }
  const USED_ON_THE_WAY = { ...UNUSED, atEnd: '5002', nextAtEnd: null }

  test.each<[string, Partial<SequenceFingerprint>, Pick<RestoredSequence, 'value' | 'next'>, string]>([
    ['never used, as it was', UNUSED, { value: null, next: '5000' }, ''],
    [
      'never used, set to another first value',
      UNUSED,
      { value: null, next: '1' },
      'never used, first 5000 | never used, first 1',
    ],
    ['never used, and used', UNUSED, { value: '5000', next: null }, 'never used, first 5000 | 5000'],
    ['used first during the dump', USED_ON_THE_WAY, { value: '5001', next: null }, ''],
    ['used first during the dump, not yet', USED_ON_THE_WAY, { value: null, next: '5000' }, ''],
    [
      'used first during the dump, below its first value',
      USED_ON_THE_WAY,
      { value: '4999', next: null },
      'never used, first 5000 to 5002 | 4999',
    ],
    [
      'set back to be given out again',
      { atSnapshot: '7', atEnd: '7' },
      { value: null, next: '7' },
      '7 | never used, first 7',
    ],
    [
      'turned round during the dump',
      { atSnapshot: '998', atEnd: '3', cycles: true },
      { value: '999', next: null },
      '',
    ],
    [
      'that could have turned round, and did not move',
      { atSnapshot: '998', atEnd: '998', cycles: true },
      { value: '3', next: null },
      '998 | 3',
    ],
  ])('%s', (_, changes, state, line) => {
    const one = withFingerprint({ sequences: [sampleSequence('s', changes)] })
    const found = new Map([['public.s', { schema: 'public', name: 's', ...state, isConfiguration: false }]])
    expect(failureLines(exactChecks(one, restored({ sequences: found })))).toEqual(
      line === '' ? [] : [`sequence s: ${line}`],
    )
  })
})

describe('a sequence that the manifest of a partial backup does not list', () => {
  const partial = { ...SAMPLE, backup: { ...SAMPLE.backup, kind: 'partial', schemas: ['public'] } } as const
  const more = { schema: 'public', name: 'alone', value: '3', next: null, isConfiguration: false }
  const found = restored({ sequences: new Map([...sequences('20001', null), ['public.alone', more]]) })

  it('is information: pg_dump takes sequences along that patterns name', () => {
    expect(failures(exactChecks(partial, found))).toEqual([])
    expect(exactChecks(partial, found).find(({ name }) => name === 'other sequences')).toMatchObject({
      verdict: 'information',
      found: 'alone',
    })
  })

  it('fails in a full one', () => {
    expect(failureLines(exactChecks(SAMPLE, found))).toEqual(['sequence alone: no such sequence | 3'])
  })
})
