import { describe, expect, it, test } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import {
  parseSessionSetting,
  withRestoreSettings,
  withSourceSettings,
} from '../../../src/core/restore/session-settings.ts'

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

  it('reach every session by PGOPTIONS, after required ones and those of the URL', () => {
    const connection = parseConnectionUrl('postgresql://u:p@h/d?options=-c%20work_mem%3D1MB')
    const { options = '' } = withRestoreSettings(connection, [
      { name: 'app.note', value: 'a b\\c' },
      { name: 'statement_timeout', value: '1h' },
    ])
    expect(options).toMatch(/^-c work_mem=1MB -c statement_timeout=0 /)
    expect(options).toMatch(/ -c app\.note=a\\ b\\\\c -c statement_timeout=1h$/)
  })

  it('win over those of the source', () => {
    const connection = parseConnectionUrl('postgresql://u:p@h/d?options=-c%20app.tenant%3Dours')
    const { options } = withSourceSettings(connection, [{ name: 'app.tenant', value: 'the source’s' }])
    expect(options).toBe('-c app.tenant=the\\ source’s -c app.tenant=ours')
  })
})
