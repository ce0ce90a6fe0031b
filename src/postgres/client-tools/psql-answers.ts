import type { Readable } from 'node:stream'

/** Only the last few lines can be an answer of ours; the script's own SELECTs print one line each. */
const KEPT_LINES = 20

/**
 * What psql prints, line by line, up to a token. The script prints lines too: they are dropped as they
 * come.
 */
export class PsqlAnswers {
  /** The line that has not ended: an answer may be one line of 256 MB, in thousands of pieces. */
  #rest: string[] = []
  #lines: string[] = []
  #wake: (() => void) | undefined

  constructor(stream: Readable) {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      const [first = '', ...more] = chunk.split('\n')
      this.#rest.push(first)
      if (more.length === 0) return
      const lines = [this.#rest.join(''), ...more]
      this.#rest = [lines.pop() ?? '']
      this.#lines = [...this.#lines, ...lines].slice(-KEPT_LINES)
      this.#wake?.()
    })
  }

  async until(token: string): Promise<readonly string[]> {
    for (;;) {
      const at = this.#lines.indexOf(token)
      if (at >= 0) {
        const answer = this.#lines.slice(0, at)
        this.#lines = this.#lines.slice(at + 1)
        return answer
      }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}
