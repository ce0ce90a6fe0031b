/**
 * What the source of an action says about its inputs and outputs, read from the text: names must be literals
 * there.
 */

const READ =
  /\b(?:\w*I|i)nputs\s*\.\s*(?:text|optional|oneOf|flag|durationMs|lines|parseLines|parse|parseOptional|secret)(?:<[^()]*>)?\(\s*(?:'([^']*)'|(\S[^\s,)]*))/g

/**
 * A reader that several actions share, with the names that it reads: `readConnection(inputs, environment,
 * 'database-url')`.
 */
const READ_BY = /\bread\w*\(\s*(?:\w+\.)?inputs\s*,([^()]*)/g

/** The inputs that are read, sorted. Throws where the name is not a string literal. */
export function inputNames(sources: readonly string[]): readonly string[] {
  const byOthers = sources.flatMap(source =>
    [...source.matchAll(READ_BY)].flatMap(([, rest = '']) =>
      [...rest.matchAll(/'([^']*)'/g)].map(([, name = '']) => name),
    ),
  )
  const names = sources.flatMap(source =>
    [...source.matchAll(READ)].flatMap(([, name, other]) => {
      // A reader that actions share takes the name from its callers, which READ_BY finds.
      if (other === 'name') return []
      if (name === undefined)
        throw new Error(`inputs are read by a literal name, so that it can be checked; not by ${other}`)
      return name
    }),
  )
  return [...new Set([...names, ...byOthers])].toSorted()
}

/**
 * Where an object literal with outputs starts: a property or variable `outputs`, or what a `…Outputs`
 * function returns.
 */
const OUTPUTS = [
  /\boutputs(?::[^={}]*)?\s*[:=]\s*\{/g,
  /\b\w*Outputs\([^{}]*\{\s*return \{/g,
  /\b\w*Outputs = \([^{}]*=>\s*\(\{/g,
]

/** The outputs that are set, sorted. Throws where they are not written out one by one. */
export function outputNames(sources: readonly string[]): readonly string[] {
  const names = sources.flatMap(source =>
    OUTPUTS.flatMap(pattern => [...source.matchAll(pattern)]).flatMap(match =>
      keys(source.slice(match.index + match[0].length)),
    ),
  )
  return [...new Set(names)].toSorted()
}

/** The keys of an object literal whose opening brace was just read. */
function keys(source: string): readonly string[] {
  const names: string[] = []
  let depth = 0
  let atKey = true
  for (const [token, word] of tokens(source)) {
    if (depth === 0 && token === '}') return names
    if (atKey && depth === 0) {
      if (word === undefined)
        throw new Error(`outputs are written out one by one, so that they can be checked; not ${token}`)
      names.push(word)
      atKey = false
    } else if ('{[('.includes(token)) depth += 1
    else if ('}])'.includes(token)) depth -= 1
    else if (token === ',' && depth === 0) atKey = true
  }
  throw new Error('outputs: the end of the object was not found')
}

/** Tokens without comments; strings and words come with their text. */
function* tokens(source: string): Generator<readonly [token: string, word: string | undefined]> {
  const pattern = /\/\/.*|\/\*[\s\S]*?\*\/|'([^']*)'|`(?:\\.|[^`\\])*`|([A-Za-z_$][\w$]*)|\.\.\.\w*|\S/g
  for (const [token, text, name] of source.matchAll(pattern))
    if (!token.startsWith('//') && !token.startsWith('/*')) yield [token, text ?? name]
}
