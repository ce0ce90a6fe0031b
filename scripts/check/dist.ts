/** Is dist/ what the sources build to, byte for byte, with no file missing and none too many? */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

/** Builds into a temporary directory and compares. */
export function distProblems(): readonly string[] {
  const fresh = mkdtempSync(join(tmpdir(), 'pg-runbook-dist-'))
  try {
    execFileSync(process.execPath, ['scripts/build.ts', '--out', fresh], { stdio: 'inherit' })
    return differences('dist', fresh).map(difference => `${difference}: run npm run build and commit dist/`)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

/** What tells two directories apart, looking from both sides. A directory that does not exist is empty. */
export function differences(committed: string, fresh: string): readonly string[] {
  const [had, has] = [listFiles(committed), listFiles(fresh)]
  const names = new Set([...had, ...has])
  return [...names].toSorted().flatMap(name => {
    const shown = join(committed, name)
    if (!had.has(name)) return `${shown} is missing`
    if (!has.has(name)) return `${shown} is not built from anything any more`
    const same = readFileSync(join(committed, name)).equals(readFileSync(join(fresh, name)))
    return same ? [] : `${shown} is out of date`
  })
}

function listFiles(directory: string): ReadonlySet<string> {
  if (!existsSync(directory)) return new Set()
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return new Set(
    entries.filter(e => !e.isDirectory()).map(e => relative(directory, join(e.parentPath, e.name))),
  )
}
