import { describe, expect, it, test } from 'vitest'
import {
  describeNoWindow,
  parsePointInTime,
  readWindow,
  resolvePointInTime,
} from '../../../src/core/render/recovery-window.ts'

const NOW = new Date('2026-12-01T04:00:00Z')
const window = readWindow({ recoveryStatus: 'AVAILABLE', startsAt: '2026-11-28T04:00:00Z' }, NOW)

describe('the recovery window', () => {
  it('begins where Render says and ends ten minutes ago', () => {
    expect(window).toEqual({
      startsAt: new Date('2026-11-28T04:00:00Z'),
      endsAt: new Date('2026-12-01T03:50:00Z'),
    })
  })

  test.each([
    ['NOT_AVAILABLE', null, 'free plan'],
    ['BACKUP_NOT_READY', null, 'Wait for the first backup'],
    ['AVAILABLE', '2026-12-01T03:55:00Z', 'Wait for the first backup'],
    ['AVAILABLE', 'soon', 'Wait for the first backup'],
    ['PAUSED', null, 'dashboard'],
    ['', null, 'dashboard'],
  ])('is none for %s from %s', (recoveryStatus, startsAt, hint) => {
    expect(readWindow({ recoveryStatus, startsAt }, NOW)).toBeUndefined()
    expect(describeNoWindow({ recoveryStatus, startsAt }).hint).toContain(hint)
  })

  test.each([
    ['latest', '2026-12-01T03:48:00.000Z'],
    ['2026-11-30T12:00:00+08:00', '2026-11-30T04:00:00.000Z'],
    ['2026-11-28T04:00:00Z', '2026-11-28T04:00:00.000Z'],
    ['2026-12-01T03:50:00Z', '2026-12-01T03:50:00.000Z'],
  ])('holds %s', (text, instant) => {
    if (window === undefined) throw new Error('no window')
    expect(resolvePointInTime(parsePointInTime(text), window).toISOString()).toBe(instant)
  })

  test.each([
    ['2026-11-28T03:59:59Z', 'before the window'],
    ['2026-12-01T03:50:01Z', 'less than 10 min 00 s ago'],
    ['2026-12-02T00:00:00Z', 'in the future'],
  ])('does not hold %s', (text, why) => {
    if (window === undefined) throw new Error('no window')
    expect(() => resolvePointInTime(parsePointInTime(text), window)).toThrow(why)
  })

  test.each([
    '',
    'yesterday',
    '2026-12-01',
    '2026-12-01T03:00:00',
    '2026-13-01T03:00:00Z',
    '2026-11-31T03:00:00Z',
    'Latest',
  ])('is not asked for %j', text => {
    expect(() => parsePointInTime(text)).toThrow('expected latest, or an instant')
  })
})
