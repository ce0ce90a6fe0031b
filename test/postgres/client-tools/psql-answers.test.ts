import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { PsqlAnswers } from '../../../src/postgres/client-tools/psql-answers.ts'

it('gives the lines up to a token, wherever they are cut', async () => {
  const answers = new PsqlAnswers(Readable.from(['a\nb', '', 'c\nTO', 'KEN\nd\n', 'TOKEN\n']))
  expect(await answers.until('TOKEN')).toEqual(['a', 'bc'])
  expect(await answers.until('TOKEN')).toEqual(['d'])
})

it('takes a long line in many pieces, each only once', async () => {
  const piece = 'x'.repeat(1024)
  const pieces = Array.from({ length: 40_000 }, () => piece)
  const answers = new PsqlAnswers(Readable.from([...pieces, '\nTOKEN\n']))
  const startedAt = performance.now()
  const [line = ''] = await answers.until('TOKEN')
  expect(line.length).toBe(40_000 * 1024)
  expect(performance.now() - startedAt).toBeLessThan(20_000)
})
