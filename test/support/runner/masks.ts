/**
 * The runner's secret masker: every registered value and the spellings that its encoders know are replaced by
 * ***. Not covered there and so not here: hex, lower-case percent-encoding, `+` for a blank, double encoding.
 * Source: actions/runner src/Sdk/DTLogging/Logging/SecretMasker.cs and ValueEncoders.cs.
 */
export class Masks {
  readonly #values = new Set<string>()
  readonly #needles = new Set<string>()

  /** What was registered, without the encoded forms. */
  get values(): readonly string[] {
    return [...this.#values]
  }

  /** As `::add-mask::` does: the whole value, and each of its lines. */
  add(value: string): void {
    for (const text of [value, ...value.split(/[\r\n]+/)]) this.#addOne(text.trim())
  }

  /** The text with every occurrence replaced; occurrences that overlap or touch become one ***. */
  apply(text: string): string {
    const hidden = merge([...this.#needles].flatMap(needle => occurrences(text, needle)))
    let [result, done] = ['', 0]
    for (const [start, end] of hidden) {
      result += `${text.slice(done, start)}***`
      done = end
    }
    return result + text.slice(done)
  }

  #addOne(value: string): void {
    if (value === '') return
    this.#values.add(value)
    for (const encode of ENCODERS) this.#needles.add(encode(value))
    this.#needles.delete('')
  }
}

type Range = readonly [start: number, end: number]

const ENCODERS: ReadonlyArray<(value: string) => string> = [
  value => value,
  value => base64From(value, 0),
  value => base64From(value, 1),
  value => base64From(value, 2),
  value => value.replaceAll('"', '\\"'),
  value => value.replaceAll("'", "''"),
  value => JSON.stringify(value).slice(1, -1),
  escapeDataString,
  escapeXml,
  value => (value.length > 8 && /^".*"$/s.test(value) ? value.slice(1, -1) : value),
]

function base64From(value: string, shift: number): string {
  const bytes = Buffer.from(value)
  return bytes.subarray(bytes.length > shift ? shift : 0).toString('base64')
}

/** .NET's Uri.EscapeDataString: unlike encodeURIComponent it also encodes !'()* */
function escapeDataString(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

const XML: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '&': '&amp;',
}

function escapeXml(value: string): string {
  return value.replace(/[<>"'&]/g, c => XML[c] ?? c)
}

function occurrences(text: string, needle: string): Range[] {
  const found: Range[] = []
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
    found.push([at, at + needle.length])
  }
  return found
}

function merge(ranges: readonly Range[]): readonly Range[] {
  const merged: Range[] = []
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last[1]) merged[merged.length - 1] = [last[0], Math.max(last[1], end)]
    else merged.push([start, end])
  }
  return merged
}
