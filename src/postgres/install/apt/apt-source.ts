import { PGDG_KEY } from './pgdg-key.ts'

/** Options of a one-line source that we understand, and their deb822 names (sources.list(5)). */
const OPTIONS: Readonly<Record<string, string>> = {
  'signed-by': 'Signed-By',
  arch: 'Architectures',
  'by-hash': 'By-Hash',
  pdiffs: 'PDiffs',
}

/** Fields that switch off what makes apt trustworthy. */
const FORBIDDEN = ['trusted', 'allow-insecure', 'allow-weak', 'allow-downgrade-to-insecure'] as const
const MUST_STAY_ON = ['check-valid-until', 'check-date'] as const

type StanzaFields = ReadonlyMap<string, string>

/**
 * Parses a package source, one-line (`deb [signed-by=…] URI suite component`) or deb822, one or more of them,
 * into deb822 text. A suite of the PostgreSQL project (`noble-pgdg`) without Signed-By gets the project's
 * key, anything else without it the keys that the machine's apt trusts. Throws a RangeError for a source that
 * would not be verified.
 */
export function parseAptSource(text: string): string {
  const lines = text.split('\n').filter(line => !line.trimStart().startsWith('#'))
  const isDeb822 = lines.some(line => /^types\s*:/i.test(line))
  const stanzas = isDeb822 ? parseStanzas(lines) : lines.filter(line => line.trim() !== '').map(parseOneLine)
  if (stanzas.length === 0) throw new RangeError('it names no source')
  return stanzas.map(renderStanza).join('\n')
}

function parseStanzas(lines: readonly string[]): readonly StanzaFields[] {
  const texts = lines.join('\n').split(/\n\s*\n/)
  return texts.filter(text => text.trim() !== '').map(parseStanza)
}

function parseStanza(text: string): StanzaFields {
  const fields = new Map<string, string>()
  let current = ''
  for (const line of text.split('\n').filter(line => line.trim() !== '')) {
    const match = /^([A-Za-z][\w-]*)\s*:\s*(.*)$/.exec(line)
    if (match?.[1] !== undefined) {
      current = match[1]
      fields.set(current, match[2] ?? '')
    } else if (/^\s/.test(line) && current !== '') {
      fields.set(current, `${fields.get(current)}\n${line}`)
    } else {
      throw new RangeError(`"${line.trim()}" is not a deb822 field such as "URIs: https://…"`)
    }
  }
  return fields
}

function parseOneLine(line: string): StanzaFields {
  const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+\S+)*)\s*$/.exec(line)
  if (match === null) {
    throw new RangeError(`"${line.trim()}" is not of the form "deb [signed-by=/key.asc] URI suite component"`)
  }
  const [, options = '', uri = '', suite = '', components = ''] = match
  const fields = new Map([
    ['Types', 'deb'],
    ['URIs', uri],
    ['Suites', suite],
  ])
  if (components.trim() !== '') fields.set('Components', components.trim())
  for (const option of options.split(/\s+/).filter(Boolean)) {
    const [name = '', value = ''] = option.split('=')
    fields.set(OPTIONS[name] ?? name, value.replaceAll(',', ' '))
  }
  return fields
}

function renderStanza(given: StanzaFields): string {
  const fields = new Map(given)
  const names = new Map([...fields.keys()].map(name => [name.toLowerCase(), name]))
  const field = (name: string) => fields.get(names.get(name) ?? '')
  for (const name of FORBIDDEN) {
    if (names.has(name))
      throw new RangeError(`${names.get(name)} is not accepted: packages are always verified`)
  }
  for (const name of MUST_STAY_ON) {
    if (names.has(name))
      throw new RangeError(`${names.get(name)} is not accepted: the index is always checked`)
  }
  for (const name of ['types', 'uris', 'suites']) {
    if (!field(name)) throw new RangeError('a source needs Types: deb, URIs and Suites')
  }
  if (!/\bdeb\b(?!-)/.test(field('types') ?? '')) throw new RangeError('a source needs Types: deb')
  if (!names.has('signed-by') && /-pgdg\b/.test(field('suites') ?? ''))
    fields.set('Signed-By', inlineKey(PGDG_KEY))
  fields.set(names.get('types') ?? 'Types', 'deb')
  return `${[...fields].map(([name, value]) => `${name}: ${value}`).join('\n')}\n`
}

/** A key inside a deb822 field: every line indented, blank lines as dots (apt ≥ 2.4). */
export function inlineKey(key: string): string {
  return ['', ...key.trim().split('\n')].join('\n ').replace(/\n (?=\n)/g, '\n .')
}
