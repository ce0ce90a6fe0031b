import { expect, it } from 'vitest'
import { renderParts, toParts } from '../../../scripts/bench/parts.ts'

it('lets a part last until the next one begins, and the last until the end', () => {
  const parts = toParts(
    [
      ['before', 1000],
      ['pg_dump', 1500],
      ['after', 4500],
    ],
    4750,
  )
  expect(renderParts(parts)).toBe('before 0.5 s, pg_dump 3.0 s, after 0.3 s')
})

it('leaves out a part that never began', () => {
  const parts = toParts(
    [
      ['start', 0],
      ['indexes', Number.NaN],
      ['checks', 2000],
    ],
    3000,
  )
  expect(parts).toEqual([
    { name: 'start', seconds: 2 },
    { name: 'checks', seconds: 1 },
  ])
})
