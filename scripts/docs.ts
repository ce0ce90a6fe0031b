/** Writes the generated parts of the documentation. `--check` writes nothing and fails if anything would change. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { ERROR_CODES } from '../src/core/errors.ts'

const MARKERS = '<!-- inputs --> … <!-- /inputs --> and <!-- outputs --> … <!-- /outputs -->'

interface Manifest {
  readonly inputs?: Readonly<Record<string, Input>>
  readonly outputs?: Readonly<Record<string, Described>>
}

interface Described {
  readonly description?: string
}

interface Input extends Described {
  readonly required?: boolean
  readonly default?: string
}

function main(): void {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  const stale = staleDocs()
  if (!values.check) for (const [file, text] of stale) writeFileSync(file, text)
  for (const file of stale.keys())
    console.log(values.check ? `${file} is out of date: run npm run docs` : `${file} written`)
  if (values.check && stale.size > 0) process.exitCode = 1
}

/** The files whose generated parts are not what they should be, with the text that they should have. */
export function staleDocs(root = '.'): ReadonlyMap<string, string> {
  const stale = new Map<string, string>()
  for (const [file, text] of renderDocs(root)) {
    const path = join(root, file)
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) stale.set(file, text)
  }
  return stale
}

function* renderDocs(root: string): Generator<[string, string]> {
  yield ['docs/errors.md', renderErrors(ERROR_CODES)]
  for (const name of readdirSync(join(root, 'actions')).toSorted()) {
    const file = `actions/${name}/README.md`
    const path = join(root, file)
    if (!existsSync(path)) throw new Error(`${file} is missing: write it, with the markers ${MARKERS}`)
    const manifest: Manifest = parse(readFileSync(join(root, 'actions', name, 'action.yml'), 'utf8'))
    yield [file, renderReadme(file, readFileSync(path, 'utf8'), manifest)]
  }
}

/** A README with its two tables replaced. Throws where a marker or a description is missing. */
export function renderReadme(file: string, readme: string, manifest: Manifest): string {
  const inputs = Object.entries(manifest.inputs ?? {}).map(([name, input]) => [
    `\`${name}\``,
    describe(file, name, input),
    renderDefault(input),
  ])
  const outputs = Object.entries(manifest.outputs ?? {}).map(([name, output]) => [
    `\`${name}\``,
    describe(file, name, output),
  ])
  const withInputs = between(file, readme, 'inputs', table(['Input', 'What it is', 'Default'], inputs))
  return between(file, withInputs, 'outputs', table(['Output', 'What it is'], outputs))
}

function renderDefault({ required, default: value }: Input): string {
  if (required) return '**required**'
  return value === undefined || value === '' ? '' : `\`${cell(value)}\``
}

function renderErrors(codes: Readonly<Record<string, string>>): string {
  const rows = Object.entries(codes).map(([name, meaning]) => [
    `\`${name}\``,
    describe('src/core/errors.ts', name, { description: meaning }),
  ])
  return [
    '# Error codes',
    '',
    'Generated from `src/core/errors.ts` by `npm run docs`; do not edit.',
    '',
    'A step that fails writes one annotation, titled `action: CODE`. Its text says what failed, with the value, and what',
    'to do next; the lines `caused by …` in the log hold the original error. A code keeps its meaning for ever.',
    '',
    table(['Code', 'What it means'], rows),
    '',
  ].join('\n')
}

function describe(file: string, name: string, { description }: Described): string {
  const text = cell(description ?? '')
  if (text === '') throw new Error(`${file}: ${name} has no description`)
  return text
}

function between(file: string, text: string, marker: string, content: string): string {
  const [open, close] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`]
  const [start, end] = [text.indexOf(open), text.indexOf(close)]
  if (start < 0 || end < start)
    throw new Error(`${file} needs the markers ${open} and ${close}, in this order`)
  return `${text.slice(0, start + open.length)}\n${content}\n${text.slice(end)}`
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  if (rows.length === 0) return 'None.'
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Our own Markdown on one line of a table. */
function cell(text: string): string {
  return text.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

if (import.meta.main) main()
