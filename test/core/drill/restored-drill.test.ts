import { describe, expect, it } from 'vitest'
import {
  restoredDatabaseChecks,
  restoredDrillKey,
  withoutRowCounts,
} from '../../../src/core/drill/restored-drill.ts'
import { restored } from '../../support/exact-checks.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'
import { sampleCheck } from '../../support/samples/records.ts'

describe('a database that another tool restored', () => {
  const checks = restoredDatabaseChecks(SAMPLE, restored({ tables: [] }), [
    sampleCheck('structure', 'fail', 'index i'),
  ])

  it('neither passes nor fails by its structure or its rows: criteria decide', () => {
    expect(new Set(checks.map(({ verdict }) => verdict))).toEqual(new Set(['information', 'not-measured']))
    expect(checks.find(({ name }) => name === 'index i')?.verdict).toBe('information')
  })

  it('says once that rows are of another time', () => {
    expect(checks.filter(({ group }) => group === 'exact')).toMatchObject([
      { name: 'rows of all tables', verdict: 'not-measured', expected: `as in ${SAMPLE.backup.id}` },
    ])
  })

  it('counts its tables', () => {
    expect(checks[0]).toMatchObject({ group: 'restore', name: 'restore', found: '0 tables' })
  })
})

it('a manifest without row counts keeps everything else', () => {
  const { fingerprint, ...rest } = withoutRowCounts(SAMPLE)
  expect(rest).toEqual({ ...SAMPLE, fingerprint: undefined })
  expect(fingerprint).toEqual({ ...SAMPLE.fingerprint, level: 'none' })
})

it.each([
  ['', 'recoveries/logi/20261201T040000Z-1a2b3c4d.json'],
  ['prod', 'prod/recoveries/logi/20261201T040000Z-1a2b3c4d.json'],
])('the record of such a drill lies apart from drills of backups: prefix %j', (prefix, key) => {
  const at = new Date('2026-12-01T04:00:00.999Z')
  expect(restoredDrillKey({ prefix, database: 'logi' }, at, '1a2b3c4d')).toBe(key)
})
