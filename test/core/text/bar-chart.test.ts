import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderBars } from '../../../src/core/text/bar-chart.ts'

describe('bars', () => {
  it('start at zero, on one scale, with their labels and values in columns', () => {
    expect(
      renderBars([
        { label: 'a', value: 100, texts: ['100 s'] },
        { label: 'bcd', value: 50, texts: ['50 s'] },
        { label: 'e', value: null, texts: ['none'] },
        { label: 'f', value: 0, texts: ['0 s'] },
        { label: 'g', value: 3, texts: ['3 s'] },
      ]),
    ).toBe(
      [
        'a    100 s  ████████████████████████████',
        'bcd   50 s  ██████████████',
        'e     none',
        'f      0 s  ▏',
        'g      3 s  ▉',
      ].join('\n'),
    )
  })

  it('of nothing are nothing', () => {
    expect(renderBars([])).toBe('')
    expect(renderBars([{ label: 'a', value: 0, texts: ['0'] }])).toBe('a  0  ▏')
  })

  it('are in proportion to an eighth of a character', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1 }), values => {
        const lines = renderBars(values.map(value => ({ label: 'x', value, texts: ['y'] }))).split('\n')
        const longest = Math.max(...values)
        for (const [i, line] of lines.entries()) {
          const bar = line.slice('x  y  '.length)
          const eighths = [...bar].reduce((sum, c) => sum + (c === '█' ? 8 : 1 + '▏▎▍▌▋▊▉'.indexOf(c)), 0)
          const exact = longest === 0 ? 0 : ((values[i] ?? 0) / longest) * 28 * 8
          expect(Math.abs(eighths - exact)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})
