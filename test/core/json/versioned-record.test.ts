import { describe, expect, it } from 'vitest'
import * as d from '../../../src/core/json/decode.ts'
import { parseRecord, recordedBackup, recordedRun } from '../../../src/core/json/versioned-record.ts'

const KIND = {
  version: 2,
  decoder: d.object({ version: d.nonNegativeInt, name: d.string, later: d.optional(d.string) }),
  code: 'DRILL_RECORD_INVALID',
  what: 'drill record',
} as const

describe('a record in the bucket', () => {
  it.each([1, 2])('of version %d is read, with what a later minor version adds', version => {
    const json = JSON.stringify({ version, name: 'a', unknown: true })
    expect(parseRecord(KIND, json, 'k')).toEqual({ version, name: 'a', later: null })
  })

  it.each([
    ['', 'Unexpected end of JSON input'],
    ['null', 'the document: expected an object, found null'],
    ['[]', 'the document: expected an object, found []'],
    ['{"name":"a"}', 'version: expected a whole number, found nothing'],
    ['{"version":"2","name":"a"}', 'version: expected a whole number, found "2"'],
    ['{"version":2}', 'name: expected a text, found nothing'],
    ['{"version":3}', 'it has version 3; this pg-runbook reads up to 2'],
  ])('is refused with its name: %s', (json, why) => {
    expect(() => parseRecord(KIND, json, 's3://b/k')).toThrow(
      expect.objectContaining({
        code: 'DRILL_RECORD_INVALID',
        message: `The drill record s3://b/k cannot be read: ${why}.`,
        hint: 'Use a newer pg-runbook, or look at the object in the bucket.',
      }),
    )
  })
})

describe('the backup in a record', () => {
  const backup = {
    id: '20261101T031500Z-daily-1a2b3c4d',
    bucket: 'b',
    key: 'k',
    versionId: null,
    sha256: 'a'.repeat(64),
    bytes: 1,
    snapshotAt: '2026-11-01T03:15:00Z',
  }

  it('is one object exactly', () => {
    expect(recordedBackup(backup, 'backup')).toEqual(backup)
  })

  it.each([
    ['versionId', undefined],
    ['sha256', 'A'.repeat(64)],
    ['bytes', -1],
    ['snapshotAt', '2026-11-01'],
  ])('is refused without a proper %s', (field, value) => {
    expect(() => recordedBackup({ ...backup, [field]: value }, 'backup')).toThrow(`backup.${field}: expected`)
  })
})

it('the run in a record has every field', () => {
  const run = { repository: 'o/r', workflow: 'w', runId: '1', runAttempt: '1', commit: 'abc' }
  expect(recordedRun(run, 'run')).toEqual(run)
  for (const field of Object.keys(run))
    expect(() => recordedRun({ ...run, [field]: 1 }, 'run')).toThrow(`run.${field}: expected a text`)
})
