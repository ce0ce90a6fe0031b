/** Every static check of the repository. Runs all of them, then says which ones failed. */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { distProblems } from './check/dist.ts'
import { layerProblems } from './check/layers.ts'
import { proseProblems } from './check/prose.ts'
import { staleDocs } from './docs.ts'
import { measureFigures } from './figures.ts'

/** Each check returns its problems; a check that runs a tool lets the tool print them. */
const CHECKS: ReadonlyArray<readonly [name: string, check: () => readonly string[]]> = [
  ['types', () => tool('tsc', ['--project', '.'])],
  ['lint', () => tool('biome', ['ci', '--colors=off', '--error-on-warnings', '.'])],
  ['layers', () => sourceFiles().flatMap(file => layerProblems(file, readFileSync(file, 'utf8')))],
  ['prose', () => proseFiles().flatMap(file => proseProblems(file, readFileSync(file, 'utf8')))],
  ['figures', figuresOverLimit],
  ['workflows', () => script('scripts/lint-workflows.ts')],
  ['docs', () => [...staleDocs().keys()].map(file => `${file} is out of date: run npm run docs`)],
  ['dist', distProblems],
]

/** Linters that are not available here, so their result is unknown. */
const notRun: string[] = []
const failed = CHECKS.filter(([name, check]) => !passes(name, check)).map(([name]) => name)
const missing = notRun.length === 0 ? '' : `; NOT RUN: ${notRun.join(', ')}`
if (failed.length === 0) {
  const ran = notRun.length === 0 ? 'all passed' : 'what ran passed'
  console.log(`\ncheck: ${ran} (${CHECKS.map(([name]) => name).join(', ')})${missing}`)
} else {
  console.log(`\ncheck: failed: ${failed.join(', ')}${missing}`)
  process.exitCode = 1
}

function passes(name: string, check: () => readonly string[]): boolean {
  console.log(`\n# ${name}`)
  const problems = attempt(check)
  for (const problem of problems) console.log(problem)
  console.log(problems.length === 0 ? `${name}: ok` : `${name}: ${problems.length} to correct`)
  return problems.length === 0
}

function figuresOverLimit(): readonly string[] {
  return measureFigures()
    .filter(({ value, limit }) => value > limit)
    .flatMap(({ name, value, limit, places }) => [
      `${name}: ${value} (at most ${limit})`,
      ...places.slice(0, 10).map(place => `  ${place}`),
    ])
}

/** An exception in a check counts as a problem; the other checks still run. */
function attempt(check: () => readonly string[]): readonly string[] {
  try {
    return check()
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

/** One of our scripts, which prints its findings and the linters that it could not run. */
function script(path: string): readonly string[] {
  const { status, stdout } = spawnSync(process.execPath, [path], {
    stdio: ['inherit', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  process.stdout.write(stdout)
  notRun.push(...[...stdout.matchAll(/^(\S+): NOT RUN/gm)].map(([, name = '']) => name))
  return status === 0 ? [] : [`${path} ended with exit code ${status}; its output is above`]
}

function tool(name: string, args: readonly string[]): readonly string[] {
  const { status, error } = spawnSync(join('node_modules', '.bin', name), args, { stdio: 'inherit' })
  if (error !== undefined) return [`${name} could not be started (${error.message}): run npm ci`]
  return status === 0 ? [] : [`${name} ended with exit code ${status}; its output is above`]
}

/** All files with text for readers. */
function proseFiles(): readonly string[] {
  const documents = ['*.md', 'docs/**/*.md', 'actions/**/*.md', 'examples/**/*.md', 'test/**/*.md']
  const workflows = ['actions/*/action.yml', 'examples/**/*.yml', '.github/**/*.yml']
  return [...sourceFiles(), ...globSync([...documents, ...workflows]).toSorted()]
}

function sourceFiles(): readonly string[] {
  return globSync(['src/**/*.ts', 'test/**/*.ts', 'lab/**/*.ts', 'scripts/**/*.ts']).toSorted()
}
