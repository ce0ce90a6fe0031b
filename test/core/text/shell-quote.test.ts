import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { shellQuote } from '../../../src/core/text/shell-quote.ts'

test.each(['s3://b/k.dump', 'zstd:3', 'a=b', '/tmp/x_1-2'])('a plain word stays as it is: %s', word => {
  expect(shellQuote(word)).toBe(word)
})

it('a quoted word is one word of a shell, with the same characters', () => {
  const words = fc.array(
    fc.string({ unit: 'grapheme' }).map(word => word.replaceAll('\0', '')),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  fc.assert(
    fc.property(words, list => {
      const script = `printf '%s\\0' ${list.map(shellQuote).join(' ')}`
      expect(script).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      expect(execFileSync('bash', ['-c', script]).toString().split('\0')).toEqual([...list, ''])
    }),
    {
      numRuns: 40,
      examples: [[['', "it's", '$(id)', '`id`', '\\', '\n', "a\n'!\\\u2028\u202eb", '*', '~', '-n']]],
    },
  )
})
