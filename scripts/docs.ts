/**
 * Writes the generated parts of the documentation. `--check` writes nothing and fails if a file would change.
 */
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { ERROR_CODES } from '../src/core/errors.ts'
import { renderReadme } from './docs/action-readme.ts'
import { renderErrors } from './docs/error-table.ts'
import { renderSchemas } from './docs/schemas.ts'
import { renderSnippets } from './docs/snippets.ts'
import { renderWorkflowTables } from './docs/workflow-tables.ts'

const MARKERS = '<!-- inputs --> … <!-- /inputs --> and <!-- outputs --> … <!-- /outputs -->'
const WORKFLOWS = 'docs/workflows.md'

function main(): void {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  const stale = staleDocs()
  if (!values.check) for (const [file, text] of stale) write(file, text)
  for (const file of stale.keys())
    console.log(values.check ? `${file} is out of date: run npm run docs` : `${file} written`)
  if (values.check && stale.size > 0) process.exitCode = 1
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** The files whose generated parts are out of date, each with its new text. */
export function staleDocs(root = '.'): ReadonlyMap<string, string> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const docs = new Map([...examples(root), ...renderDocs(root)])
  const stale = new Map<string, string>()
  for (const [file, text] of docs) {
    const path = join(root, file)
    const current = renderSnippets(text, version)
    if (!existsSync(path) || readFileSync(path, 'utf8') !== current) stale.set(file, current)
  }
  return stale
}

/** Pages and workflows that show how to use this repository. */
function* examples(root: string): Generator<[string, string]> {
  const patterns = ['*.md', 'docs/**/*.md', 'actions/*/README.md', 'examples/**/*.{md,yml}']
  for (const file of globSync(patterns, { cwd: root }).toSorted())
    yield [file, readFileSync(join(root, file), 'utf8')]
}

function* renderDocs(root: string): Generator<[string, string]> {
  yield ['docs/errors.md', renderErrors(ERROR_CODES)]
  for (const [file, text] of renderSchemas()) yield [file, text]
  for (const name of readdirSync(join(root, 'actions')).toSorted()) {
    const file = `actions/${name}/README.md`
    const path = join(root, file)
    if (!existsSync(path)) throw new Error(`${file} is missing: write it, with the markers ${MARKERS}`)
    const manifest = parse(readFileSync(join(root, 'actions', name, 'action.yml'), 'utf8'))
    yield [file, renderReadme(file, readFileSync(path, 'utf8'), manifest)]
  }
  yield* renderWorkflows(root)
}

/** The tables of every workflow that can be called; each needs its markers in the page. */
function* renderWorkflows(root: string): Generator<[string, string]> {
  const names = globSync('*.yml', { cwd: join(root, '.github/workflows') }).toSorted()
  const calls = names
    .map(name => [name, parse(readFileSync(join(root, '.github/workflows', name), 'utf8')).on] as const)
    .filter(([, on]) => on?.workflow_call !== undefined)
  if (calls.length === 0) return
  const page = readFileSync(join(root, WORKFLOWS), 'utf8')
  yield [
    WORKFLOWS,
    calls.reduce((text, [name, on]) => renderWorkflowTables(WORKFLOWS, text, name, on.workflow_call), page),
  ]
}

if (import.meta.main) main()
