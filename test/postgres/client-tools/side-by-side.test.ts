import { expect, it } from 'vitest'
import type { RunningRestore } from '../../../src/postgres/client-tools/pg-restore.ts'
import { sideBySide } from '../../../src/postgres/client-tools/side-by-side.ts'

function running(finished: RunningRestore['finished'], stopped: string[], name: string): RunningRestore {
  return {
    finished,
    currentItem: name,
    [Symbol.asyncDispose]: async () => {
      stopped.push(name)
    },
  }
}

it('several restores are done when all are, with the warnings of all', async () => {
  const both = sideBySide([
    running(Promise.resolve(['one']), [], 'a'),
    running(Promise.resolve(['two']), [], 'b'),
  ])
  expect(await both.finished).toEqual(['one', 'two'])
  expect(both.currentItem).toBe('a')
})

it('the first of several restores that fails fails them, and disposing stops all', async () => {
  const stopped: string[] = []
  {
    await using both = sideBySide([
      running(new Promise(() => {}), stopped, 'a'),
      running(Promise.reject(new Error('no such type')), stopped, 'b'),
    ])
    await expect(both.finished).rejects.toThrow('no such type')
  }
  expect(stopped.toSorted()).toEqual(['a', 'b'])
})
