import { createHash } from 'node:crypto'

const LINE_END = 10
const TAB = '\t'

/** Takes the text of rows in pieces of any size, each row with its line end. Holds no row in memory. */
interface RowDigest {
  update(piece: Buffer): void
  /** Hex digits. */
  finish(): string
}

/** SHA-256 of the text: rows in another order are another content. */
function orderedDigest(): RowDigest {
  const hash = createHash('sha256')
  return { update: piece => void hash.update(piece), finish: () => hash.digest('hex') }
}

/**
 * The digest of one table, or of all partitions of one. That of ordered rows is that of a single table, made
 * with its first row and gone with its last: those of many thousands would take a KB each.
 */
export class TableDigest {
  readonly #isUnordered: boolean
  #digest: RowDigest | undefined
  #hash: string | undefined

  constructor(isUnordered: boolean) {
    this.#isUnordered = isUnordered
  }

  update(piece: Buffer): void {
    if (this.#hash !== undefined) throw new Error('Rows came after the end of their table')
    this.#digest ??= this.#isUnordered ? unorderedDigest() : orderedDigest()
    this.#digest.update(piece)
  }

  /** All rows of one table were taken. */
  endTable(): void {
    if (!this.#isUnordered) this.finish()
  }

  finish(): string {
    this.#hash ??= (this.#digest ?? (this.#isUnordered ? unorderedDigest() : orderedDigest())).finish()
    this.#digest = undefined
    return this.#hash
  }
}

/**
 * The sum of a 64-bit hash of every row: the same in any order, and a duplicate counts, which xor would
 * cancel. Two lanes of 32 bits, each mixed at the end of a row as MurmurHash3's fmix32. It detects accidents,
 * not adversaries.
 */
function unorderedDigest(): RowDigest {
  let [sumA, sumB, a, b] = [0, 0, SEED_A, SEED_B]
  return {
    update: piece => {
      for (let i = 0; i < piece.length; i += 1) {
        const byte = piece[i] as number
        a = Math.imul(a ^ byte, 0x9e3779b1)
        b = Math.imul(b ^ byte, 0x5f356495)
        if (byte !== LINE_END) continue
        sumA = (sumA + mix(a ^ (b >>> 15))) >>> 0
        sumB = (sumB + mix(b ^ (a >>> 13))) >>> 0
        a = SEED_A
        b = SEED_B
      }
    },
    finish: () => [sumA, sumB].map(sum => sum.toString(16).padStart(8, '0')).join(''),
  }
}

const SEED_A = 0x2545f491
const SEED_B = 0x4f6cdd1d

function mix(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return (twice ^ (twice >>> 16)) >>> 0
}

/**
 * Feeds rows to a digest with their columns in another order: partitions may have the columns of their table
 * in an order of their own. Holds one row, so one that is longer than `longestRow` throws a RangeError.
 */
export function reordered(
  digest: Pick<RowDigest, 'update'>,
  order: readonly number[],
  longestRow: number,
): Pick<RowDigest, 'update'> {
  let rest: readonly Buffer[] = []
  return {
    update: piece => {
      const end = piece.lastIndexOf(LINE_END)
      const length = rest.reduce((sum, part) => sum + part.length, piece.length)
      if (end < 0 && length > longestRow) throw new RangeError(`a row of more than ${longestRow} bytes`)
      if (end < 0) {
        rest = [...rest, Buffer.from(piece)]
        return
      }
      const text = Buffer.concat([...rest, piece.subarray(0, end)]).toString('latin1')
      const lines = text.split('\n').map(line => {
        // COPY writes a tab in a value as \t.
        const fields = line.split(TAB)
        return order.map(at => fields[at] ?? '').join(TAB)
      })
      digest.update(Buffer.from(`${lines.join('\n')}\n`, 'latin1'))
      rest = end + 1 < piece.length ? [Buffer.from(piece.subarray(end + 1))] : []
    },
  }
}
