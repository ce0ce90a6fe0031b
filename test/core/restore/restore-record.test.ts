import { describe, expect, it } from 'vitest'
import { parseRestoreRecord, renderRestoreRecord } from '../../../src/core/restore/restore-record.ts'
import { sampleRecord } from '../../support/samples/records.ts'

/** As pg-runbook wrote it before it knew of kinds, selections, notes and the moment of the replacement. */
const OLD = {
  version: 1,
  restore: {
    id: '20261201T040000Z-1a2b3c4d',
    database: 'logi',
    mode: 'swap',
    startedAt: '2026-12-01T04:00:00.000Z',
    outcome: 'restored',
    verdict: 'pass',
    error: null,
  },
  backup: sampleRecord().backup,
  target: {
    host: 'db.example',
    port: 5432,
    user: 'logi',
    database: 'logi_db',
    restoredTo: 'logi_db',
    previous: 'logi_db_before_20261201t040000z',
    safetyBackup: null,
    safetyBackupSkipped: null,
    allOrNothing: null,
  },
  options: { tables: [], leftOut: [], sessionSettings: [] },
  checks: [],
  durations: {
    safetyBackupMs: null,
    downloadMs: 1,
    restoreMs: 2,
    checksMs: 3,
    windowMs: 4,
    totalMs: 10,
  },
  tools: { pgRestore: '18.7', server: '18.7' },
  run: sampleRecord().run,
}

describe('the record of a restore', () => {
  it('is read where it is older than some of its fields', () => {
    const record = parseRestoreRecord(JSON.stringify(OLD), 'old')
    expect(record.backup.kind).toBeNull()
    expect(record.options.selection).toBeNull()
    expect(record.target.replacedAt).toBeNull()
    expect(record.notes).toBeNull()
    expect(parseRestoreRecord(renderRestoreRecord(record), 'again')).toEqual(record)
  })
})
