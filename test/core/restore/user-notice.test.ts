import { describe, expect, it, test } from 'vitest'
import { renderAgo, renderNotice } from '../../../src/core/restore/user-notice.ts'

const INSTANT = new Date('2026-11-23T03:15:07.900Z')

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
