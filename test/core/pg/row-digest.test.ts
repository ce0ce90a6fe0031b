import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { orderedDigest, type RowDigest, reordered, unorderedDigest } from '../../../src/core/pg/row-digest.ts'

function digestOf(digest: RowDigest, ...pieces: readonly (string | Buffer)[]): string {
  for (const piece of pieces) digest.update(Buffer.from(piece))
  return digest.finish()
}

const rows = fc.array(
  fc.string({ unit: 'grapheme' }).map(row => row.replaceAll('\n', '')),
  { minLength: 1, maxLength: 20 },
)
const textOf = (list: readonly string[]) => list.map(row => `${row}\n`).join('')

describe('a digest of rows in order', () => {
  it('is the SHA-256 of their text', () => {
    expect(digestOf(orderedDigest(), '1\ta\n', '2\tb\n')).toBe(
      createHash('sha256').update('1\ta\n2\tb\n').digest('hex'),
    )
  })
})

describe('a digest of rows in any order', () => {
  it('depends neither on the order nor on the pieces', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (list, at) => {
        const bytes = Buffer.from(textOf(list))
        const cut = at % (bytes.length + 1)
        const whole = digestOf(unorderedDigest(), bytes)
        expect(digestOf(unorderedDigest(), bytes.subarray(0, cut), bytes.subarray(cut))).toBe(whole)
        expect(digestOf(unorderedDigest(), textOf(list.toReversed()))).toBe(whole)
      }),
    )
  })

  it('changes with one byte, with a row more and with a row twice', () => {
    const base = digestOf(unorderedDigest(), 'a\nb\n')
    for (const other of ['a\nc\n', 'a\nb\n\n', 'a\nb\nb\n', 'a\nb\na\na\n', 'ab\n\n', 'a\n'])
      expect(digestOf(unorderedDigest(), other), other).not.toBe(base)
  })
})

describe('a digest of reordered columns', () => {
  it('is that of the rows with their columns in that order, in pieces of any size', () => {
    const inOrder = digestOf(orderedDigest(), 'a\t1\tx\nb\t2\ty\n')
    const bytes = Buffer.from('1\tx\ta\n2\ty\tb\n')
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const digest = reordered(orderedDigest(), [2, 0, 1], 100)
      expect(digestOf(digest, bytes.subarray(0, cut), bytes.subarray(cut)), `${cut}`).toBe(inOrder)
    }
  })

  it('refuses a row that does not fit into memory', () => {
    const digest = reordered(orderedDigest(), [0], 10)
    digest.update(Buffer.from('12345678'))
    expect(() => digest.update(Buffer.from('901'))).toThrow(RangeError)
  })
})
