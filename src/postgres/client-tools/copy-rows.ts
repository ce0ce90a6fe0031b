import { isWholeStatement } from '../../core/pg/copy-statement.ts'

const LINE_END = 10
const NOTHING = Buffer.alloc(0)

/** Takes a stream of chunks, of any size. */
interface ChunkReader {
  read(chunk: Buffer): void
}

/** What happens to the rows of one COPY. */
export interface RowTaker {
  /** Text of rows with their line ends; a row may come in pieces. */
  take(piece: Buffer): void
  /** All rows were taken. */
  end(rows: number): void
}

/**
 * Cuts the rows of one COPY after another out of a stream, each up to a line that ends it. Holds no more than
 * the beginning of such a line, however long a row is.
 */
export class RowScanner {
  readonly #terminator: Buffer
  #carry = NOTHING
  #isInRow = false
  #rows = 0

  constructor(terminator: string) {
    this.#terminator = Buffer.from(terminator)
  }

  /** Returns what follows the line that ends the rows; undefined where they go on in the next chunk. */
  read(chunk: Buffer, taker: RowTaker): Buffer | undefined {
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk])
    this.#carry = NOTHING
    let at = 0
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, at)) {
      if (this.#isTerminator(bytes, at, end)) {
        taker.take(bytes.subarray(0, at))
        taker.end(this.#rows)
        this.#rows = 0
        return bytes.subarray(end + 1)
      }
      this.#rows += 1
      this.#isInRow = false
      at = end + 1
    }
    const rest = bytes.subarray(at)
    const mayEnd = !this.#isInRow && this.#terminator.subarray(0, rest.length).equals(rest)
    if (mayEnd) this.#carry = Buffer.from(rest)
    else this.#isInRow = true
    taker.take(mayEnd ? bytes.subarray(0, at) : bytes)
    return undefined
  }

  #isTerminator(bytes: Buffer, start: number, end: number): boolean {
    if (this.#isInRow || end - start !== this.#terminator.length) return false
    return bytes.compare(this.#terminator, 0, this.#terminator.length, start, end) === 0
  }
}

/** The line that ends the rows in a script. No row is that line: COPY doubles the backslashes of values. */
const END_OF_ROWS = '\\.'

/**
 * Reads a script of pg_restore that holds nothing but COPY statements with their rows. `begin` gets the lines
 * of each statement. A name may hold line ends, so that the statement is whole only at a semicolon outside of
 * quotes.
 */
export class CopyScript implements ChunkReader {
  readonly #begin: (statement: Buffer) => RowTaker
  readonly #onLine: (line: Buffer) => void
  readonly #scanner = new RowScanner(END_OF_ROWS)
  #line = NOTHING
  #statement = NOTHING
  #taker: RowTaker | undefined

  constructor(begin: (statement: Buffer) => RowTaker, onLine: (line: Buffer) => void) {
    this.#begin = begin
    this.#onLine = onLine
  }

  read(chunk: Buffer): void {
    for (let bytes: Buffer | undefined = chunk; bytes !== undefined && bytes.length > 0; ) {
      if (this.#taker === undefined) bytes = this.#readStatement(bytes)
      else {
        bytes = this.#scanner.read(bytes, this.#taker)
        if (bytes !== undefined) this.#taker = undefined
      }
    }
  }

  /** Up to the end of the line; returns what follows. */
  #readStatement(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(LINE_END)
    this.#line = Buffer.concat([this.#line, end < 0 ? bytes : bytes.subarray(0, end)])
    if (end < 0) return undefined
    const line = this.#line
    this.#line = NOTHING
    if (this.#statement.length > 0 || line.subarray(0, 5).equals(COPY)) {
      this.#statement =
        this.#statement.length === 0 ? line : Buffer.concat([this.#statement, Buffer.from('\n'), line])
      if (isWholeStatement(this.#statement.toString('latin1'))) {
        this.#taker = this.#begin(this.#statement)
        this.#statement = NOTHING
      }
    } else this.#onLine(line)
    return bytes.subarray(end + 1)
  }
}

const COPY = Buffer.from('COPY ')
