import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  closedList,
  holdsEntry,
  isExpired,
  isOpenToAll,
  openedList,
  parseAddress,
  parseMark,
  renderMark,
} from '../../../src/core/render/allow-list.ts'

const NOW = new Date('2026-12-01T04:00:00Z')
const mark = (minutes: number, nonce = '1a2b3c4d') => ({
  runId: '77',
  runAttempt: '2',
  nonce,
  expiresAt: new Date(NOW.getTime() + minutes * 60_000),
})
const entry = (minutes: number, nonce?: string) => ({
  cidrBlock: '203.0.113.7/32',
  description: renderMark(mark(minutes, nonce)),
})
const OFFICE = { cidrBlock: '198.51.100.0/24', description: 'office' }

describe('the mark of an allow list entry', () => {
  it('is read back as it was written', () => {
    expect(parseMark(renderMark(mark(30)))).toEqual(mark(30))
    expect(renderMark(mark(30))).toBe('pg-runbook run 77/2 1a2b3c4d until 2026-12-01T04:30:00Z')
  })

  test.each(['', 'office', 'pg-runbook', 'pg-runbook run 77/2 1a2b3c4d until tomorrow'])(
    'is not seen in %j',
    description => {
      expect(parseMark(description)).toBeUndefined()
      expect(isExpired({ cidrBlock: '203.0.113.7/32', description }, NOW)).toBe(false)
    },
  )

  it('expires some minutes after its time, because clocks differ', () => {
    expect(isExpired(entry(-4), NOW)).toBe(false)
    expect(isExpired(entry(-6), NOW)).toBe(true)
  })
})

describe('an allow list', () => {
  it('keeps the entries of other people, opened and closed', () => {
    const others = fc.array(
      fc.record({ cidrBlock: fc.ipV4().map(ip => `${ip}/32`), description: fc.string() }),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(others, fc.array(fc.integer({ min: -60, max: -10 }), { maxLength: 4 }), (foreign, dead) => {
        const list = [...foreign, ...dead.map((minutes, i) => entry(minutes, `0000000${i}`))]
        const ours = entry(30)
        const opened = openedList(list, ours, NOW)
        expect(opened).toEqual([...foreign, ours])
        expect(openedList(opened, ours, NOW)).toEqual(opened)
        expect(closedList(opened, ours, NOW)).toEqual(foreign)
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps the entry of another run that is alive', () => {
    const other = entry(20, 'ffffffff')
    const opened = openedList([OFFICE, other], entry(30), NOW)
    expect(holdsEntry(closedList(opened, entry(30), NOW), other)).toBe(true)
  })

  test.each([
    ['0.0.0.0/0', true],
    ['::/0', true],
    ['0.0.0.0/1', false],
    ['203.0.113.7/32', false],
  ])('with %s is open to all: %s', (cidrBlock, open) => {
    expect(isOpenToAll([OFFICE, { cidrBlock, description: '' }])).toBe(open)
  })
})

describe('an address', () => {
  test.each([
    ['203.0.113.7\n', '203.0.113.7/32'],
    ['203.0.113.7/32', '203.0.113.7/32'],
    ['2001:DB8::7', '2001:db8::7/128'],
  ])('%j becomes %s', (text, block) => {
    expect(parseAddress(text)).toBe(block)
  })

  test.each(['', '203.0.113.0/24', '203.0.113.256', '<html>', 'fe80::1%eth0', '1.2.3', '::/0'])(
    '%j is refused',
    text => {
      expect(() => parseAddress(text)).toThrow(RangeError)
    },
  )
})
