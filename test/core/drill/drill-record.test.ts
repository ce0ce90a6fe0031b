import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { drillKey, drillPrefix } from '../../../src/core/backup/bucket-layout.ts'
import { CHECK_GROUPS, CHECK_VERDICTS, VERDICTS } from '../../../src/core/checks/check.ts'
import {
  type DrillRecord,
  parseDrillRecord,
  recoveryTimeMs,
  renderDrillRecord,
} from '../../../src/core/drill/drill-record.ts'
import { anyText } from '../../support/any-text.ts'

const text = anyText()
const ms = fc.option(fc.maxSafeNat())
const instant = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2999-12-31T00:00:00Z'), noInvalidDate: true })
  .map(date => date.toISOString())

const anyRecord: fc.Arbitrary<DrillRecord> = fc.record({
  version: fc.constant(1),
  drill: fc.record({
    id: text,
    database: text,
    startedAt: instant,
    verdict: fc.constantFrom(...VERDICTS),
    coveredModes: fc.array(text),
  }),
  backup: fc.record({
    id: text,
    bucket: text,
    key: text,
    versionId: fc.option(text),
    sha256: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 }),
    bytes: fc.maxSafeNat(),
    snapshotAt: instant,
  }),
  restored: fc.option(fc.record({ host: text, database: text })),
  checks: fc.array(
    fc.record({
      group: fc.constantFrom(...CHECK_GROUPS),
      name: text,
      verdict: fc.constantFrom(...CHECK_VERDICTS),
      expected: text,
      found: text,
      note: fc.option(text),
    }),
  ),
  durations: fc.record({ downloadMs: ms, restoreMs: ms, checksMs: ms, totalMs: fc.maxSafeNat() }),
  tools: fc.record({ pgRestore: text, server: text }),
  run: fc.record({ repository: text, workflow: text, runId: text, runAttempt: text, commit: text }),
})

describe('a drill record', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(anyRecord, record => {
        expect(parseDrillRecord(renderDrillRecord(record), 'test')).toEqual(record)
      }),
    )
  })

  it('has one spelling, whatever the order of its keys', () => {
    fc.assert(
      fc.property(anyRecord, record => {
        const reversed = Object.fromEntries(Object.entries(record).toReversed()) as DrillRecord
        expect(renderDrillRecord(reversed)).toBe(renderDrillRecord(record))
      }),
    )
  })

  it('is read although a later minor version added something', () => {
    fc.assert(
      fc.property(anyRecord, record => {
        const later = JSON.stringify({ ...record, drill: { ...record.drill, mood: 'good' }, extra: [1] })
        expect(parseDrillRecord(later, 'test')).toEqual(record)
      }),
      { numRuns: 20 },
    )
  })

  it('that misses any of its keys is refused, and the key is named', () => {
    const [record] = fc.sample(anyRecord, { numRuns: 1, seed: 1 })
    for (const part of ['drill', 'backup', 'durations', 'tools', 'run'] as const) {
      for (const key of Object.keys(record?.[part] ?? {})) {
        const damaged = JSON.parse(renderDrillRecord(record as DrillRecord))
        delete damaged[part][key]
        expect(() => parseDrillRecord(JSON.stringify(damaged), 'd.json'), `${part}.${key}`).toThrow(
          `The drill record d.json cannot be read: ${part}.${key}: expected `,
        )
      }
    }
  })

  test.each([
    ['{', 'cannot be read'],
    ['[]', 'the document: expected an object'],
    ['{"version":2}', 'it has version 2; this pg-runbook reads up to 1'],
    ['{"version":1}', 'drill: expected an object, found nothing'],
  ])('%s is refused', (json, message) => {
    expect(() => parseDrillRecord(json, 'd.json')).toThrow(
      expect.objectContaining({ code: 'DRILL_RECORD_INVALID', message: expect.stringContaining(message) }),
    )
  })
})

describe('the measured recovery time', () => {
  const durations = { downloadMs: 1000, restoreMs: 5000, checksMs: 200, totalMs: 9000 }

  it('is download and restore, and nothing else', () => {
    expect(recoveryTimeMs(durations)).toBe(6000)
  })

  it('is not known where one of them did not finish', () => {
    expect(recoveryTimeMs({ ...durations, downloadMs: null })).toBeNull()
    expect(recoveryTimeMs({ ...durations, restoreMs: null })).toBeNull()
  })
})

describe('the key of a record', () => {
  const instantOf = new Date('2026-12-01T04:00:00.123Z')

  test.each([
    ['backups', 'backups/drills/logi/20261201T040000Z-1a2b3c4d.json'],
    ['', 'drills/logi/20261201T040000Z-1a2b3c4d.json'],
  ])('under the prefix "%s" is %s', (prefix, key) => {
    const location = { prefix, database: 'logi' }
    expect(drillKey(location, instantOf, '1a2b3c4d')).toBe(key)
    expect(key.startsWith(drillPrefix(location))).toBe(true)
  })
})
