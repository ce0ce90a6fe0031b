/** One command to the runner, as an action or anything it prints may give it. */
export interface RunnerCommand {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly data: string
}

/** Names that the runner knows; a line with another name is only text. */
const NAMES = new Set([
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
])

/**
 * Reads a line as the runner does: `::name key=value::data` at its start, or the older `##[name
 * key=value]data` anywhere in it. Undefined when it is not a command. Source: actions/runner
 * src/Runner.Common/ActionCommand.cs.
 */
export function parseCommandLine(line: string): RunnerCommand | undefined {
  return parseNew(line) ?? parseOld(line)
}

function parseNew(line: string): RunnerCommand | undefined {
  const match = /^\s*::(.*?)::(.*)$/s.exec(line)
  if (match === null) return undefined
  const [, head = '', data = ''] = match
  return build(head, data, ',', unescapeNew)
}

function parseOld(line: string): RunnerCommand | undefined {
  const match = /##\[(.*?)\](.*)$/s.exec(line)
  if (match === null) return undefined
  const [, head = '', data = ''] = match
  return build(head, data, ';', unescapeOld)
}

function build(
  head: string,
  data: string,
  separator: string,
  decode: (text: string) => string,
): RunnerCommand | undefined {
  const [name = '', rest = ''] = splitOnce(head.trim(), ' ')
  if (!NAMES.has(name)) return undefined
  const pairs = rest.split(separator).map(pair => splitOnce(pair, '='))
  const properties = Object.fromEntries(pairs.map(([key, value]) => [key.trim(), decode(value)]))
  return { name, properties, data: decode(data) }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}

function unescapeNew(text: string): string {
  return replaceAll(text, { '%0D': '\r', '%0A': '\n', '%3A': ':', '%2C': ',', '%25': '%' })
}

function unescapeOld(text: string): string {
  return replaceAll(text, { '%3B': ';', '%0D': '\r', '%0A': '\n', '%5D': ']', '%25': '%' })
}

function replaceAll(text: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((result, [from, to]) => result.replaceAll(from, to), text)
}
