/**
 * `npm run lint:workflows`: workflows, examples and action.yml files by GitHub's own schema, actionlint and
 * zizmor. Every finding is an error; exceptions are in .github/actionlint.yaml and .github/zizmor.yml, with
 * their reasons. A linter that cannot be had is named and left out; with `--require` that is an error too.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { errorMessage } from '../src/core/errors.ts'
import { findGoTool } from './workflows/go-tool.ts'
import { findPythonTool } from './workflows/python-tool.ts'
import { schemaProblems } from './workflows/schema.ts'

const ACTIONLINT = {
  name: 'actionlint',
  module: 'github.com/rhysd/actionlint/cmd/actionlint',
  version: 'v1.7.12',
  versionArguments: ['-version'],
}
const ZIZMOR = { name: 'zizmor', version: '1.32.0', program: 'zizmor', withDependencies: false }

const { values } = parseArgs({ options: { require: { type: 'boolean', default: false } } })
const workflows = [
  ...globSync('.github/workflows/*.yml'),
  ...globSync('examples/*/*.yml', { exclude: ['**/drill-criteria.yml'] }),
  ...globSync('scripts/workflows/callers/*.yml'),
].toSorted()
const actions = globSync('actions/*/action.yml').toSorted()

const results = [
  await passes('schema', async () => {
    const problems = await schemaProblems([...workflows, ...actions])
    for (const problem of problems) console.log(problem)
    return problems.length === 0
  }),
  await passes('actionlint', async () => {
    const { path } = await tool(() => findGoTool(ACTIONLINT, console.log))
    // Its helpers are left out: they find something else on every machine, according to what is installed
    // there.
    const config = ['-config-file', '.github/actionlint.yaml', '-shellcheck=', '-pyflakes=', '-no-color']
    return succeeds(path, [...config, ...workflows])
  }),
  await passes('zizmor', async () => {
    const path = await tool(() => findPythonTool(ZIZMOR))
    const how = ['--offline', '--persona', 'pedantic', '--config', '.github/zizmor.yml']
    return succeeds(path, [...how, '--quiet', '--no-progress', '--color', 'never', ...workflows, ...actions])
  }),
]
process.exitCode = results.every(Boolean) ? 0 : 1

/** A linter that is not there. */
class Missing extends Error {}

async function tool<T>(find: () => Promise<T>): Promise<T> {
  try {
    return await find()
  } catch (error) {
    throw new Missing(errorMessage(error), { cause: error })
  }
}

async function passes(name: string, lint: () => Promise<boolean>): Promise<boolean> {
  try {
    const good = await lint()
    console.log(
      `${name}: ${good ? `ok (${workflows.length} workflows)` : 'the findings above are to be corrected'}`,
    )
    return good
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    console.log(`${name}: NOT RUN: ${error.message}`)
    return !values.require
  }
}

function succeeds(program: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(program, [...args], { stdio: 'inherit' })
  if (error !== undefined) throw new Missing(errorMessage(error))
  return status === 0
}
