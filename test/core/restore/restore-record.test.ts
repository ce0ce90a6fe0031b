import { describe, expect, it } from 'vitest'
import { parseRestoreRecord, renderRestoreRecord } from '../../../src/core/restore/restore-record.ts'
import { OLD_RESTORE } from '../../support/samples/records.ts'

describe('the record of a restore', () => {
  it('is read where it is older than some of its fields', () => {
    const record = parseRestoreRecord(JSON.stringify(OLD_RESTORE), 'old')
    expect(record.backup.kind).toBeNull()
    expect(record.options.selection).toBeNull()
    expect(record.target.replacedAt).toBeNull()
    expect(record.notes).toBeNull()
    expect(parseRestoreRecord(renderRestoreRecord(record), 'again')).toEqual(record)
  })
})
