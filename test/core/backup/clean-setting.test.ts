import { describe, expect, it } from 'vitest'
import { cleanSetting } from '../../../src/core/backup/clean-setting.ts'

describe('a pasted setting', () => {
  it.each(['AKIA\n', 'AKIA\r\n', '\nAKIA'])('loses the line break around %j, with a notice', text => {
    expect(cleanSetting('AWS_ACCESS_KEY_ID', text)).toEqual({
      value: 'AKIA',
      notice: expect.stringMatching(/^A line break .*AWS_ACCESS_KEY_ID/),
    })
  })

  it.each([' AKIA', 'AKIA\t'])('loses the white space around %j, with a notice', text => {
    expect(cleanSetting('AWS_ACCESS_KEY_ID', text)).toEqual({
      value: 'AKIA',
      notice: expect.stringMatching(/^White space .*AWS_ACCESS_KEY_ID/),
    })
  })

  it('is taken as it is where nothing surrounds it', () => {
    expect(cleanSetting('AWS_REGION', 'eu-central-1')).toEqual({ value: 'eu-central-1', notice: undefined })
  })

  it.each(['AK IA', 'AK\nIA', 'AK\u0000IA'])(
    'is refused with white space or control characters inside: %j',
    text => {
      expect(() => cleanSetting('AWS_ACCESS_KEY_ID', text)).toThrow(/white space or a line break inside/)
    },
  )
})
