import { describe, expect, it, test } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { previousName, restoredName } from '../../../src/core/restore/database-names.ts'
import { estimateRestore, renderEstimate } from '../../../src/core/restore/estimate.ts'
import { parseSessionSetting, withRestoreSettings } from '../../../src/core/restore/session-settings.ts'
import { renderAgo, renderNotice } from '../../../src/core/restore/user-notice.ts'

const INSTANT = new Date('2026-11-23T03:15:07.900Z')

describe('names of databases', () => {
  test.each([
    ['logi', 'logi_restored_20261123t031507z', 'logi_before_20261123t031507z'],
    // A restored database that is replaced in turn does not collect suffixes.
    ['logi_restored_20250101t000000z', 'logi_restored_20261123t031507z', 'logi_before_20261123t031507z'],
  ])('of %s', (database, restored, previous) => {
    expect(restoredName(database, INSTANT)).toBe(restored)
    expect(previousName(database, INSTANT)).toBe(previous)
  })

  it('fit into 63 bytes, whole characters and the whole suffix', () => {
    const name = restoredName('데이터베이스'.repeat(5), INSTANT)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
    expect(name).toMatch(/^데이터.*_restored_20261123t031507z$/)
    expect(name).not.toContain('\ufffd')
  })
})

describe('session settings', () => {
  test.each([
    ['logi.allow_audit_purge=yes', 'logi.allow_audit_purge', 'yes'],
    ['search_path = a, b', 'search_path', 'a, b'],
    ['app.note=a=b', 'app.note', 'a=b'],
    ['app.empty=', 'app.empty', ''],
  ])('%s', (line, name, value) => expect(parseSessionSetting(line)).toEqual({ name, value }))

  test.each(['yes', '=x', '-c x=1', 'a b=1', '1a=2', 'a..b=1'])('refuses %s', line =>
    expect(() => parseSessionSetting(line)).toThrow(RangeError),
  )

  it('reach every session by PGOPTIONS, after those that a restore needs and those of the URL', () => {
    const connection = parseConnectionUrl('postgresql://u:p@h/d?options=-c%20work_mem%3D1MB')
    const { options = '' } = withRestoreSettings(connection, [
      { name: 'app.note', value: 'a b\\c' },
      { name: 'statement_timeout', value: '1h' },
    ])
    expect(options).toMatch(/^-c work_mem=1MB -c statement_timeout=0 /)
    expect(options).toMatch(/ -c app\.note=a\\ b\\\\c -c statement_timeout=1h$/)
  })
})

describe('the notice to users', () => {
  const facts = {
    database: 'logi',
    isPart: false,
    snapshotAt: new Date('2026-11-23T03:15:59Z'),
    now: INSTANT,
  }

  it('names the window to the minute, outwards', () => {
    const notice = renderNotice({ ...facts, replacedAt: new Date('2026-11-23T09:20:01Z') })
    expect(notice).toContain('was rolled back to its state of 2026-11-23 03:15 UTC (7 hours earlier)')
    expect(notice).toContain('between 2026-11-23 03:15 UTC and 2026-11-23 09:21 UTC may be lost')
  })

  it('says of which part it speaks', () => {
    const notice = renderNotice({ ...facts, isPart: true, replacedAt: INSTANT })
    expect(notice).toContain('Some data of the database <code>logi</code> was rolled back')
  })

  it('speaks of the future while nobody sees the restored data', () => {
    const notice = renderNotice({ ...facts, replacedAt: null, now: new Date('2026-11-23T03:17:00Z') })
    expect(notice).toContain('will be rolled back')
    expect(notice).toContain('(at least 2 minutes earlier)')
    expect(notice).toContain('between 2026-11-23 03:15 UTC and the switch to it may be lost')
  })

  test.each([
    [0, '1 minute'],
    [89 * 60_000, '89 minutes'],
    [90 * 60_000, '2 hours'],
    [47 * 3_600_000, '47 hours'],
    [50 * 3_600_000, '3 days'],
  ])('%d ms ago is %s', (ms, text) => expect(renderAgo(ms)).toBe(text))
})

describe('the estimate', () => {
  const drill = (bytes: number, restoreMs: number | null) => ({
    backup: { id: '', bucket: '', key: '', versionId: null, sha256: '', bytes, snapshotAt: '' },
    durations: { downloadMs: 0, restoreMs, checksMs: null, totalMs: 0 },
  })

  it('takes the median pace of the drills that restored something', () => {
    const drills = [drill(100, 100), drill(100, 900), drill(100, 300), drill(100, null), drill(0, 5)]
    expect(estimateRestore(1000, drills)).toEqual({
      durationMs: 3000,
      checksMs: undefined,
      safetyBackupMs: undefined,
      drills: 3,
    })
  })

  it('is none without drills, and says so', () => {
    expect(estimateRestore(1000, [drill(100, null)])).toBeUndefined()
    expect(renderEstimate(undefined)).toContain('no drill')
  })
})
