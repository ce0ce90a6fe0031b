/**
 * A text in an encoding of PostgreSQL's. SQL_ASCII, and what the platform does not know, is read as UTF-8.
 */
export function decodeText(bytes: Uint8Array, encoding: string): string {
  return decoderFor(encoding).decode(bytes)
}

/** What makes a text of bytes. */
export interface TextDecoding {
  readonly decode: (bytes: Uint8Array) => string
}

export function decoderFor(encoding: string): TextDecoding {
  try {
    return new TextDecoder(labelOf(encoding), { ignoreBOM: true })
  } catch {
    return new TextDecoder('utf-8', { ignoreBOM: true })
  }
}

/**
 * `LATIN9`, `WIN1252`, `EUC_JP`, `KOI8R` in the WHATWG's names. LATIN5 to 10 are other numbers of ISO 8859.
 */
function labelOf(encoding: string): string {
  const iso = { LATIN5: 9, LATIN6: 10, LATIN7: 13, LATIN8: 14, LATIN9: 15, LATIN10: 16 }[encoding]
  if (iso !== undefined) return `iso-8859-${iso}`
  return encoding
    .toLowerCase()
    .replace(/^latin/, 'iso-8859-')
    .replace(/^iso_8859_/, 'iso-8859-')
    .replace(/^win/, 'windows-')
    .replace(/^koi8(r|u)$/, 'koi8-$1')
    .replace(/^euc_(jp|kr|cn)$/, 'euc-$1')
    .replace('euc-cn', 'gb2312')
    .replace(/^uhc$/, 'euc-kr')
    .replace(/^sjis$/, 'shift_jis')
}
