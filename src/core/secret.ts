/**
 * A value that prints as `***` wherever it ends up by accident: template strings, JSON, console, error
 * messages.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. Call it only where the value leaves for its one destination. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '***'
  }

  toJSON(): string {
    return '***'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return 'Secret(***)'
  }
}

/**
 * Every spelling under which a secret may appear in a log: as it is, decoded, and percent-encoded as the
 * programs on its way do it, with upper-case and lower-case hex. The runner masks the base64 and JSON forms
 * of each by itself. A blank value has no spellings: masking it would blot out the log.
 */
export function spellings(value: string): readonly string[] {
  const text = value.toWellFormed()
  if (text.trim() === '') return []
  const encoded = [
    encodeURIComponent(text),
    strictlyEncoded(text),
    encodeURI(text),
    formEncoded(text),
    inUrl(text),
  ]
  const lower = encoded.map(spelling => spelling.replace(/%[0-9A-F]{2}/g, hex => hex.toLowerCase()))
  return [...new Set([value, text, decoded(text), ...encoded, ...lower])].filter(
    spelling => spelling.trim() !== '',
  )
}

/** RFC 3986, as .NET and the AWS SDK do it: everything but letters, digits and `-._~`. */
function strictlyEncoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** As in a form: a plus for a space. */
function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice('text='.length)
}

/** As a URL object writes its password. */
function inUrl(text: string): string {
  const url = new URL('secret://user@host')
  url.password = text
  return url.password
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
