/** What a person does not see, and what a code block of a summary would replace. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/**
 * A word for a shell, on one line. What is invisible becomes `$'…'`, which bash and zsh know, with octal
 * bytes: also of what the history expansion of a terminal would take for the end of the quotes.
 */
export function shellQuote(word: string): string {
  if (/^[A-Za-z0-9_./:=@%+-]+$/.test(word)) return word
  if (!INVISIBLE.test(word)) return `'${word.replace(/'/g, "'\\''")}'`
  const escaped = [...word].map(character =>
    INVISIBLE.test(character) || "'\\!".includes(character) ? octal(character) : character,
  )
  return `$'${escaped.join('')}'`
}

function octal(character: string): string {
  return [...new TextEncoder().encode(character)]
    .map(byte => `\\${byte.toString(8).padStart(3, '0')}`)
    .join('')
}
