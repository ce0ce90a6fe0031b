import { expect, it } from 'vitest'
import { atLeast, atMost, exactly, renderTimes } from '../../../scripts/bench/aim.ts'

it('holds an aim at its very limit', () => {
  expect(atMost('time', 1.15, 1.15, renderTimes)).toEqual({
    name: 'time',
    measured: '1.15 ×',
    expected: 'at most 1.15 ×',
    isHeld: true,
  })
  expect(atLeast('size', 5, 5, String)).toMatchObject({ expected: 'at least 5', isHeld: true })
  expect(exactly('answer', 'planned', 'planned').isHeld).toBe(true)
})

it('misses an aim by a little', () => {
  expect(atMost('time', 1.151, 1.15, renderTimes).isHeld).toBe(false)
  expect(atLeast('size', 4.9, 5, String).isHeld).toBe(false)
  expect(exactly('answer', 'planned', 'refused').isHeld).toBe(false)
})

it('misses an aim that was not measured', () => {
  expect(atMost('time', Number.NaN, 1.15, renderTimes).isHeld).toBe(false)
  expect(atLeast('size', Number.NaN, 5, String).isHeld).toBe(false)
})
