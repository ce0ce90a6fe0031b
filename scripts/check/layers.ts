/**
 * Holds the text of the code base against house.ts (who may import whom, which package is confined to which
 * layer) and against rules of what is not written anywhere. Formatted source is assumed (one statement a
 * line), which `biome ci` guarantees.
 */
import { posix } from 'node:path'
import { IN_ONE_FILE, LAYERS, type Layer, ROOMS, WITHIN_GROUP } from './house.ts'

interface TextRule {
  readonly applies: (file: string) => boolean
  readonly pattern: RegExp
  readonly rule: string
}

const inSource = (file: string) => file.startsWith('src/')
const inLayer = (layer: string) => (file: string) => layerOf(file) === layer
const outsideRunner = (file: string) => inSource(file) && layerOf(file) !== 'runner'
const inTests = (file: string) => file.startsWith('test/')

/** What is not written, line by line. Comments are left out. */
const TEXT_RULES: readonly TextRule[] = [
  {
    applies: outsideRunner,
    pattern:
      /\bprocess\s*(\?\.|\.|\[\s*['"])\s*env\b|\{[^}]*\benv\b[^}]*\}\s*(=|from)\s*['"]?(node:)?process\b/,
    rule: 'process.env is read only in src/runner (readEnvironment); take the values as arguments',
  },
  {
    applies: file => inLayer('core')(file) || inLayer('steps')(file),
    pattern: /(?<![-\w])process\./,
    rule: 'core and steps do not touch the process',
  },
  {
    applies: inLayer('core'),
    pattern:
      /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bMath\.random\(|\bconsole\.|\bset(Timeout|Interval)\(|\bfetch\(/,
    rule: 'core is pure: time, chance and I/O are given to it',
  },
  { applies: inSource, pattern: /\bimport\s*\(/, rule: 'no import(): it would split the bundle into chunks' },
  { applies: inSource, pattern: /\brequire\s*\(|\bcreateRequire\b/, rule: 'ES modules only, no require()' },
  {
    applies: file => !file.endsWith('vitest.config.ts'),
    pattern: /^\s*export default\b|\bas default\b/,
    rule: 'no default exports',
  },
  {
    applies: inTests,
    pattern: /\bvi\s*\.\s*(mock|doMock|unmock|stubGlobal)\b/,
    rule: 'no module mocks: pass what the code needs, or run the real thing',
  },
  {
    applies: inTests,
    pattern:
      /\b(it|test|describe|suite)(\.\w+)*\.(skip|only|todo|skipIf|runIf|fails)\b|\b[xf](it|describe)\(/,
    rule: 'no test is skipped, singled out or expected to fail',
  },
]

/**
 * Every breach in one file, each as `file:line: rule (what is written there)`. `file` is relative to the
 * repository.
 */
export function layerProblems(file: string, source: string): readonly string[] {
  const problems = /(^|\/)(utils?|helpers?|common|misc|shared)\.ts$/.test(file)
    ? [`${file}:1: a file is named after what it holds, not "${posix.basename(file)}"`]
    : []
  for (const { line, text } of codeLines(source))
    for (const { applies, pattern, rule } of TEXT_RULES)
      if (applies(file) && pattern.test(text)) problems.push(`${file}:${line}: ${rule} (${text.trim()})`)
  if (inSource(file))
    for (const statement of imports(source)) {
      const rule = importProblem(file, statement)
      if (rule !== undefined) problems.push(`${file}:${statement.line}: ${rule} (imports ${statement.from})`)
    }
  return problems
}

interface ImportStatement {
  readonly line: number
  readonly from: string
  readonly typeOnly: boolean
}

/** The import and re-export statements of a source text. */
function imports(source: string): readonly ImportStatement[] {
  const pattern = /^(?:import|export)\b(\s+type\b)?(?:[^'"`;()]*?\bfrom)?\s*['"]([^'"]+)['"]/gm
  return [...source.matchAll(pattern)].map(match => ({
    line: source.slice(0, match.index).split('\n').length,
    from: match[2] ?? '',
    typeOnly: match[1] !== undefined,
  }))
}

function importProblem(file: string, statement: ImportStatement): string | undefined {
  const name = layerOf(file)
  const layer = LAYERS[name]
  if (layer === undefined) return `src/${name} is not a layer of design §5`
  if (statement.from.startsWith('node:')) return nodeProblem(name, layer, statement.from)
  if (statement.from.startsWith('.')) return relativeProblem(file, name, layer, statement)
  return packageProblem(file, name, layer, statement.from)
}

function nodeProblem(name: string, layer: Layer, module: string): string | undefined {
  if (layer.node === 'all' || layer.node.includes(module)) return undefined
  const allowed = layer.node.length === 0 ? 'nothing of Node' : layer.node.join(', ')
  return `${name} may import ${allowed}`
}

function relativeProblem(
  file: string,
  name: string,
  layer: Layer,
  { from, typeOnly }: ImportStatement,
): string | undefined {
  const target = posix.join(posix.dirname(file), from)
  if (!inSource(target)) return 'src imports nothing outside src'
  const other = layerOf(target)
  if (name === 'actions' && other === 'actions' && ![actionOf(file), undefined].includes(actionOf(target)))
    return 'an action does not import another action'
  if (name === other) return roomProblem(file, target)
  if (layer.from.includes(other)) return undefined
  if (!layer.typesFrom?.includes(other)) return `${name} does not import ${other}`
  return typeOnly ? undefined : `${name} may import only types (import type) from ${other}`
}

function roomProblem(file: string, target: string): string | undefined {
  const layer = layerOf(file)
  const rooms = ROOMS[layer]
  const [from, to] = [roomOf(file), roomOf(target)]
  if (rooms === undefined || from === to || to === undefined) return undefined
  const level = (room: string | undefined) =>
    rooms.findIndex(group => room !== undefined && group.includes(room))
  if (level(to) === -1) return `${layer}/${to} is not a room of ${layer} (scripts/check/house.ts)`
  if (from === undefined) return `a file directly in ${layer} imports nothing from its rooms`
  const allowed =
    level(to) < level(from) ||
    WITHIN_GROUP.some(([a, b]) => a === `${layer}/${from}` && b === `${layer}/${to}`)
  return allowed ? undefined : `${layer}/${from} does not import ${layer}/${to}`
}

function packageProblem(file: string, name: string, layer: Layer, module: string): string | undefined {
  const only = Object.entries(IN_ONE_FILE).find(([own]) => isOf(module, own))?.[1]
  if (only !== undefined) return file === only ? undefined : `the package is confined to ${only}`
  const home = Object.entries(LAYERS).find(([, { packages }]) => packages.some(own => isOf(module, own)))?.[0]
  if (layer.packages.some(own => isOf(module, own))) return undefined
  if (home === undefined) return `the package is in no layer's list (scripts/check/house.ts)`
  return `the package is confined to src/${home}, this is ${name}`
}

function isOf(module: string, own: string): boolean {
  return own.endsWith('/') ? module.startsWith(own) : module === own || module.startsWith(`${own}/`)
}

/** The folder under src/; src/main.ts is a layer of its own. */
function layerOf(file: string): string {
  return (file.split('/')[1] ?? '').replace(/\.ts$/, '')
}

/** `backup` of src/core/backup/manifest.ts; undefined for a file directly in its layer. */
function roomOf(file: string): string | undefined {
  const [, , room, ...rest] = file.split('/')
  return rest.length === 0 ? undefined : room
}

/**
 * `setup-pg18` of src/actions/setup-pg18/run.ts. A file directly in src/actions belongs to none: all may
 * import it.
 */
function actionOf(file: string): string | undefined {
  const [, , action, ...rest] = file.split('/')
  return rest.length === 0 ? undefined : action
}

/** Lines of code with their number; comments are dropped, as far as a formatted file lets a line tell. */
function codeLines(source: string): ReadonlyArray<{ line: number; text: string }> {
  return source
    .split('\n')
    .map((text, index) => ({ line: index + 1, text: text.replace(/(^|\s)\/\/ .*$/, '') }))
    .filter(({ text }) => !/^\s*(\/\*|\*)/.test(text))
}
