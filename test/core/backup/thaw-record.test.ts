import { describe, expect, it } from 'vitest'
import { parseThawRecord, renderThawRecord, type ThawRecord } from '../../../src/core/backup/thaw-record.ts'
import { sampleRecord } from '../../support/samples/records.ts'

const { backup, run } = sampleRecord()
const RECORD: ThawRecord = {
  version: 1,
  thaw: {
    id: '20261201T040000Z-1a2b3c4d',
    database: 'logi',
    askedAt: '2026-12-01T04:00:00.000Z',
    tier: 'standard',
    storageClass: 'GLACIER',
    readyBy: null,
  },
  backup,
  run,
}

describe('the record of a thaw', () => {
  it.each([null, '2026-12-01T09:00:00.000Z'])('comes back from its bytes: ready by %s', readyBy => {
    const record = { ...RECORD, thaw: { ...RECORD.thaw, readyBy } }
    expect(parseThawRecord(renderThawRecord(record), 'x')).toEqual(record)
  })

  it.each([
    ['{', 'cannot be read'],
    [JSON.stringify({ ...RECORD, version: 2 }), 'it has version 2; this pg-runbook reads up to 1'],
    [JSON.stringify({ ...RECORD, thaw: { ...RECORD.thaw, tier: 'Fast' } }), 'thaw.tier: expected'],
    [
      JSON.stringify({ ...RECORD, thaw: { ...RECORD.thaw, readyBy: 'soon' } }),
      'thaw.readyBy: expected an instant',
    ],
  ])('is refused when it is damaged or newer: %#', (json, words) => {
    const parse = () => parseThawRecord(json, 's3://b/thaws/k')
    expect(parse).toThrow(expect.objectContaining({ code: 'RESTORE_RECORD_INVALID' }))
    expect(parse).toThrow('The record of a thaw s3://b/thaws/k')
    expect(parse).toThrow(words)
  })
})
