/**
 * Figures of the code base: `npm run figures`, or `npm run figures -- --list src/core` for the places below a
 * path. Each figure has a limit, which `npm run check` enforces.
 */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { importCycles } from './check/cycles.ts'
import { deadExports } from './check/exports.ts'
import { untestedModules } from './check/mirrored-tests.ts'
import {
  bannedPhrases,
  COMMENT_COLUMNS,
  commentLines,
  countWords,
  literalsOf,
  proseOf,
} from './check/prose.ts'

interface Figure {
  readonly name: string
  readonly value: number
  readonly limit: number
  /** Where it comes from, as `path: what`. */
  readonly places: readonly string[]
}

const FILES_PER_FOLDER = 24
const SOURCE_LINES = 250
const TEST_LINES = 300
const TEST_NAME = 80

/** Every figure, measured from the files below `root`. */
export function measureFigures(root = '.'): readonly Figure[] {
  const sources = readAll(root, ['src/**/*.ts', 'lab/**/*.ts', 'scripts/**/*.ts', 'test/**/*.ts'])
  const inSource = only(sources, file => file.startsWith('src/'))
  const tests = only(sources, file => file.startsWith('test/'))
  const docs = readAll(root, [
    '*.md',
    'docs/**/*.md',
    'actions/**/*.md',
    'examples/**/*.md',
    'actions/*/action.yml',
  ])
  return [
    count(
      'files in a folder of src',
      Math.max(...folderSizes(inSource).values()),
      FILES_PER_FOLDER,
      largeFolders(inSource),
    ),
    listed('import cycles', importCycles(sources)),
    listed('exports of src that no file imports', deadExports(sources)),
    listed('core modules without a test at the mirrored path', untestedModules(sources)),
    listed(`files of src over ${SOURCE_LINES} lines`, longFiles(inSource, SOURCE_LINES)),
    listed('functions of src over 50 lines', longFunctions(root)),
    listed('type names declared twice in src', duplicateTypes(inSource)),
    density('banned phrases per 1,000 words of docs', 0.3, docs, proseOf),
    density('banned phrases per 1,000 words of comments', 0.5, inSource, commentText),
    density('banned phrases per 1,000 words of messages', 0.3, inSource, literalsOf),
    listed(`comment lines over ${COMMENT_COLUMNS} columns`, longComments(sources)),
    listed(`test files over ${TEST_LINES} lines`, longFiles(tests, TEST_LINES)),
    listed(`test names over ${TEST_NAME} characters`, longTestNames(tests)),
  ]
}

type Sources = ReadonlyMap<string, string>

function readAll(root: string, patterns: readonly string[]): Sources {
  return new Map(
    globSync([...patterns], { cwd: root })
      .toSorted()
      .map(file => [file, readFileSync(join(root, file), 'utf8')]),
  )
}

function only(sources: Sources, isWanted: (file: string) => boolean): Sources {
  return new Map([...sources].filter(([file]) => isWanted(file)))
}

function count(name: string, value: number, limit: number, places: readonly string[]): Figure {
  return { name, value, limit, places }
}

function listed(name: string, places: readonly string[]): Figure {
  return count(name, places.length, 0, places)
}

function folderSizes(sources: Sources): ReadonlyMap<string, number> {
  const folders = [...sources.keys()].map(file => posix.dirname(file))
  return new Map(
    [...new Set(folders)].map(folder => [folder, folders.filter(other => other === folder).length]),
  )
}

function largeFolders(sources: Sources): readonly string[] {
  return [...folderSizes(sources)]
    .filter(([, size]) => size > FILES_PER_FOLDER)
    .map(([folder, size]) => `${folder}: ${size} files`)
}

function longFiles(sources: Sources, limit: number): readonly string[] {
  return [...sources]
    .map(([file, text]) => [file, text.split('\n').length - 1] as const)
    .filter(([, lines]) => lines > limit)
    .map(([file, lines]) => `${file}: ${lines} lines`)
}

/** Biome counts the lines of a function without comments and blank lines. */
function longFunctions(root: string): readonly string[] {
  const rule = 'complexity/noExcessiveLinesPerFunction'
  const args = ['lint', `--only=${rule}`, '--reporter=github', '--max-diagnostics=none', 'src']
  const biome = resolve('node_modules', '.bin', 'biome')
  const { stdout, error } = spawnSync(biome, args, { cwd: root, encoding: 'utf8' })
  if (error !== undefined) throw new Error(`biome could not be started (${error.message}): run npm ci`)
  return [...stdout.matchAll(/file=([^,]+),line=(\d+).*?too many lines \((\d+)\)/g)].map(
    ([, file, line, lines]) => `${posix.relative(resolve(root), file ?? '')}:${line}: ${lines} lines`,
  )
}

function duplicateTypes(sources: Sources): readonly string[] {
  const places = new Map<string, string[]>()
  for (const [file, text] of sources)
    for (const [, name = ''] of text.matchAll(/^(?:export )?(?:interface|type|class) (\w+)/gm))
      places.set(name, [...(places.get(name) ?? []), file])
  return [...places]
    .filter(([, files]) => files.length > 1)
    .map(([name, files]) => `${files.join(', ')}: ${name}`)
}

function density(name: string, limit: number, sources: Sources, textOf: (source: string) => string): Figure {
  let words = 0
  const places: string[] = []
  for (const [file, source] of sources) {
    const text = textOf(source)
    words += countWords(text)
    places.push(...bannedPhrases(text).map(phrase => `${file}: ${phrase}`))
  }
  return count(name, Math.round((places.length / Math.max(1, words)) * 10_000) / 10, limit, places)
}

function commentText(source: string): string {
  return commentLines(source)
    .map(({ text }) => text)
    .join('\n')
}

function longComments(sources: Sources): readonly string[] {
  return [...sources].flatMap(([file, source]) =>
    commentLines(source)
      .filter(({ text }) => text.length > COMMENT_COLUMNS && !/https?:\/\/\S+$/.test(text))
      .map(({ line, text }) => `${file}:${line}: ${text.length} columns`),
  )
}

function longTestNames(tests: Sources): readonly string[] {
  const pattern =
    /\b(?:it|test|describe)(?:\.each(?:<[^>]*>)?\([\s\S]*?\]\))?\(\s*(['"`])((?:(?!\1).|\\.)*)\1/g
  return [...tests].flatMap(([file, source]) =>
    [...source.matchAll(pattern)]
      .filter(([, , name = '']) => name.length > TEST_NAME)
      .map(([, , name = '']) => `${file}: ${name.length} characters: ${name}`),
  )
}

function main(): void {
  const { values, positionals } = parseArgs({
    options: { list: { type: 'boolean' } },
    allowPositionals: true,
  })
  for (const { name, value, limit, places } of measureFigures()) {
    console.log(`${value > limit ? 'over' : 'ok  '}  ${name}: ${value} (at most ${limit})`)
    if (values.list !== true) continue
    const below = places.filter(
      place => positionals.length === 0 || positionals.some(path => place.includes(path)),
    )
    for (const place of below) console.log(`        ${place}`)
  }
}

if (import.meta.main) main()
