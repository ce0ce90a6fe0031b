/** Everything that can be said about the code without running it. Runs every check, then says which ones failed. */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { distProblems } from './check/dist.ts'
import { layerProblems } from './check/layers.ts'
import { staleDocs } from './docs.ts'

/** Each check with what to look at when it fails; it returns its problems, or has printed them (a tool of its own). */
const CHECKS: ReadonlyArray<readonly [name: string, check: () => readonly string[]]> = [
  ['types', () => tool('tsc', ['--project', '.'])],
  ['lint', () => tool('biome', ['ci', '--colors=off', '--error-on-warnings', '.'])],
  ['layers', () => sourceFiles().flatMap(file => layerProblems(file, readFileSync(file, 'utf8')))],
  ['workflows', () => script('scripts/lint-workflows.ts')],
  ['docs', () => [...staleDocs().keys()].map(file => `${file} is out of date: run npm run docs`)],
  ['dist', distProblems],
]

/** Linters that could not be had; what they would have found nobody knows. */
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

/** A check that breaks down has found a problem too; the others still run. */
function attempt(check: () => readonly string[]): readonly string[] {
  try {
    return check()
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

/** A program of our own; it prints what it found, and what it could not run. */
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

function sourceFiles(): readonly string[] {
  return globSync(['src/**/*.ts', 'test/**/*.ts', 'lab/**/*.ts', 'scripts/**/*.ts']).toSorted()
}
