import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reordered, TableDigest } from '../../../src/core/pg/row-digest.ts'

function digestOf(digest: TableDigest, ...pieces: readonly (string | Buffer)[]): string {
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
    expect(digestOf(new TableDigest(false), '1\ta\n', '2\tb\n')).toBe(
      createHash('sha256').update('1\ta\n2\tb\n').digest('hex'),
    )
  })

  it('is that of one table: rows after its end are our defect', () => {
    const digest = new TableDigest(false)
    digest.endTable()
    expect(digest.finish()).toBe(createHash('sha256').digest('hex'))
    expect(() => digest.update(Buffer.from('1\n'))).toThrow('after the end')
  })
})

describe('a digest of rows in any order', () => {
  it('depends neither on the order nor on the pieces', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (list, at) => {
        const bytes = Buffer.from(textOf(list))
        const cut = at % (bytes.length + 1)
        const whole = digestOf(new TableDigest(true), bytes)
        expect(digestOf(new TableDigest(true), bytes.subarray(0, cut), bytes.subarray(cut))).toBe(whole)
        expect(digestOf(new TableDigest(true), textOf(list.toReversed()))).toBe(whole)
      }),
    )
  })

  it('changes with one byte, with a row more and with a row twice', () => {
    const base = digestOf(new TableDigest(true), 'a\nb\n')
    for (const other of ['a\nc\n', 'a\nb\n\n', 'a\nb\nb\n', 'a\nb\na\na\n', 'ab\n\n', 'a\n'])
      expect(digestOf(new TableDigest(true), other), other).not.toBe(base)
  })
})

describe('a digest of reordered columns', () => {
  it('is that of the rows with their columns in that order, in pieces of any size', () => {
    const inOrder = digestOf(new TableDigest(false), 'a\t1\tx\nb\t2\ty\n')
    const bytes = Buffer.from('1\tx\ta\n2\ty\tb\n')
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const digest = new TableDigest(false)
      const columns = reordered(digest, [2, 0, 1], 100)
      for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) columns.update(piece)
      expect(digest.finish(), `${cut}`).toBe(inOrder)
    }
  })

  it('refuses a row that does not fit into memory', () => {
    const digest = reordered(new TableDigest(false), [0], 10)
    digest.update(Buffer.from('12345678'))
    expect(() => digest.update(Buffer.from('901'))).toThrow(RangeError)
  })
})
