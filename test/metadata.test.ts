import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { isScalar, parse, parseDocument } from 'yaml'
import { inputNames, outputNames } from '../scripts/check/action-source.ts'
import { staleDocs } from '../scripts/docs.ts'

interface Manifest {
  readonly name?: string
  readonly description?: string
  readonly inputs?: Readonly<Record<string, Input>>
  readonly outputs?: Readonly<Record<string, { readonly description?: string; readonly value?: string }>>
  readonly runs: Readonly<Record<string, string>>
}

interface Input {
  readonly description?: string
  readonly required?: unknown
  readonly default?: unknown
}

const NAMES = readdirSync('actions').toSorted()
const BUILD = 'run npm run build'

const manifestOf = (name: string): Manifest =>
  parse(readFileSync(`actions/${name}/action.yml`, 'utf8'), { uniqueKeys: true })

/** The action's own files, and those in src/actions that it shares with others. */
function sourcesOf(name: string): readonly string[] {
  const own = globSync(`src/actions/${name}/*.ts`).map(file => readFileSync(file, 'utf8'))
  const shared = globSync('src/wiring/*.ts').filter(file =>
    own.some(source => source.includes(`from '../../wiring/${basename(file)}'`)),
  )
  return [...own, ...shared.map(file => readFileSync(file, 'utf8'))]
}

describe.each(NAMES)('actions/%s', name => {
  const manifest = manifestOf(name)
  const inputs = Object.entries(manifest.inputs ?? {})

  it('says what it is', () => {
    expect(manifest.name).toBe(name)
    expect(manifest.description).toMatch(/^[A-Z].*\.$/s)
  })

  it('runs on Node 24, from its stubs in dist', () => {
    expect(manifest.runs.using).toBe('node24')
    expect(manifest.runs.main).toBe(`../../dist/${name}/main.js`)
    if (manifest.runs.post !== undefined) {
      expect(manifest.runs.post).toBe(`../../dist/${name}/post.js`)
      expect(manifest.runs['post-if']).toBe('always()')
    }
    expect(manifest.runs.pre, 'pre does not run for local actions').toBeUndefined()
  })

  it('has exactly the stubs that it names', () => {
    const named = ['main', 'post'].filter(phase => manifest.runs[phase] !== undefined)
    const folder = join('dist', name)
    const found = existsSync(folder) ? readdirSync(folder).toSorted() : []
    expect(found, `stubs in ${folder}: ${BUILD}`).toEqual(named.map(phase => `${phase}.js`))
    for (const phase of named)
      expect(readFileSync(join(folder, `${phase}.js`), 'utf8')).toContain(`runAction('${name}', '${phase}')`)
  })

  it('is known to the bundle, with a post phase exactly where action.yml names one', () => {
    expect(readFileSync('src/main.ts', 'utf8')).toMatch(new RegExp(`^\\s+'?${name}'?: \\w+,$`, 'm'))
    const hasPost = sourcesOf(name).some(source => /^\s+(async )?post\(/m.test(source))
    expect(hasPost || manifest.runs.post !== undefined).toBe(manifest.runs.post !== undefined)
  })

  it('describes every input, and says whether it is required', () => {
    for (const [input, { description, required, default: value }] of inputs) {
      expect(description, `description of ${input}`).toMatch(/\S.*[.)]\s*$/s)
      expect(required, `required of ${input} is written out`).toBeTypeOf('boolean')
      if (required) expect(value, `${input} is required and needs no default`).toBeUndefined()
    }
  })

  it('quotes every default, because YAML would make 18 a number and on a truth', () => {
    const document = parseDocument(readFileSync(`actions/${name}/action.yml`, 'utf8'))
    for (const [input, { default: value }] of inputs) {
      if (value === undefined) continue
      const node = document.getIn(['inputs', input, 'default'], true)
      expect(isScalar(node) && node.type, `default of ${input}`).toMatch(/^(QUOTE|BLOCK)_/)
    }
  })

  it('names inputs and outputs in lower-case words', () => {
    for (const key of [...Object.keys(manifest.inputs ?? {}), ...Object.keys(manifest.outputs ?? {})])
      expect(key).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
  })

  it('reads exactly the inputs that action.yml declares', () => {
    expect(inputNames(sourcesOf(name))).toEqual(Object.keys(manifest.inputs ?? {}).toSorted())
  })

  it('sets exactly the outputs that action.yml declares', () => {
    expect(outputNames(sourcesOf(name))).toEqual(Object.keys(manifest.outputs ?? {}).toSorted())
  })

  it('describes every output, and computes none in YAML', () => {
    for (const [output, { description, value }] of Object.entries(manifest.outputs ?? {})) {
      expect(description, `description of ${output}`).toMatch(/\S.*[.)]\s*$/s)
      expect(value, `value of ${output}`).toBeUndefined()
    }
  })
})

/** Inputs that differ between actions on purpose, and why. */
const DIFFERENT: Readonly<Record<string, string>> = {
  database: 'a drill has no connection whose database could give the name',
  confirm: 'a restore names the database of a URL, a cutover the instance at Render, check-bucket the bucket',
  'dry-run': 'a restore fetches and checks a backup, a cutover reads variables',
  'expect-plan': 'a restore binds target and backup, retention what it deletes',
  'fail-on': 'a drill fails by its verdict, a status of Render by conditions',
  'health-status': 'of the gate only in its phase after',
  'health-url': 'of the gate only in its phase after',
  'lock-timeout': 'a deploy waits behind the gate; nobody waits for a nightly dump',
  mode: 'restore-from-s3 asks where to, the actions for the bucket ask whether to change anything',
  timeout: 'a gate holds up a deploy, the others hold up nothing',
}

describe('the suite', () => {
  it('has actions', () => {
    expect(NAMES).toContain('setup-pg18')
  })

  it('has no code and no stubs of an action that does not exist', () => {
    const folders = (path: string) =>
      existsSync(path)
        ? readdirSync(path, { withFileTypes: true })
            .filter(entry => entry.isDirectory())
            .map(entry => entry.name)
        : []
    expect(folders('src/actions').toSorted()).toEqual(NAMES)
    expect(folders('dist').toSorted(), BUILD).toEqual(NAMES)
    const known = [...readFileSync('src/main.ts', 'utf8').matchAll(/^ {2}'?([\w-]+)'?: \w+,$/gm)]
    expect(known.map(([, name]) => name).toSorted()).toEqual(NAMES)
  })

  it('means the same by the same input, with the same default', () => {
    const declared = new Map<string, Map<string, string[]>>()
    for (const name of NAMES)
      for (const [input, { description = '', default: value }] of Object.entries(
        manifestOf(name).inputs ?? {},
      )) {
        const meaning = `${firstSentence(description)} (default: ${value ?? 'none'})`
        const meanings = declared.get(input) ?? new Map<string, string[]>()
        declared.set(input, meanings.set(meaning, [...(meanings.get(meaning) ?? []), name]))
      }
    const differing = [...declared].filter(([input, meanings]) => meanings.size > 1 && !(input in DIFFERENT))
    expect(
      Object.fromEntries(differing.map(([input, meanings]) => [input, Object.fromEntries(meanings)])),
    ).toEqual({})
  })

  it('has tables in its READMEs and docs that are up to date', () => {
    expect([...staleDocs().keys()], 'run npm run docs').toEqual([])
  })

  it('answers whoever uses the repository itself as an action with a failure that names the actions', () => {
    const guard = readFileSync('action.yml', 'utf8')
    expect(parse(guard).runs.using).toBe('composite')
    for (const name of NAMES) expect(guard).toContain(`actions/${name}`)
  })
})

function firstSentence(description: string): string {
  return (/^.*?\.(?=\s|$)/s.exec(description.trim())?.[0] ?? description).replace(/\s+/g, ' ')
}

describe('what the sources say about inputs and outputs', () => {
  test.each([
    [`text: inputs.text('database'),`, ['database']],
    [`context.inputs.optional('s3-region')`, ['s3-region']],
    [`inputs.oneOf<Format>('format', FORMATS)`, ['format']],
    [`inputs.parse(\n  'destination',\n  parseDestination)`, ['destination']],
    [`inputs.flag('a') || inputs.lines('b').length || inputs.secret('c')`, ['a', 'b', 'c']],
    [`connection: readConnection(inputs, environment, 'database-url'),`, ['database-url']],
    [`readStoreConfig(context.inputs, environment, destination)`, []],
    [`inputs.problem('d', 'is wrong'); JSON.parse('{}')`, []],
  ])('inputs of %s', (source, names) => {
    expect(inputNames([source])).toEqual(names)
  })

  it('refuses an input whose name is not a literal', () => {
    expect(() => inputNames(['inputs.text(whichever)'])).toThrow('literal')
  })

  test.each([
    [`return { outputs: {} }`, []],
    [`outputs: { version, 'bin-dir': dir, rows: count({ a: 1 }) },`, ['bin-dir', 'rows', 'version']],
    [
      `outputs: {\n    'bin-dir': found.binDir, // where\n    'cache-hit': true,\n  },`,
      ['bin-dir', 'cache-hit'],
    ],
    [`const outputs = { bytes: 1 }\nreturn { outputs, summary }`, ['bytes']],
    [`function renderOutputs(d: Dump): ActionResult['outputs'] {\n  return { rows: d.rows }\n}`, ['rows']],
    ['const toOutputs = (d: Dump): Outputs => ({ uri: `s3://bucket/{}`, rows: 1 })', ['rows', 'uri']],
  ])('outputs of %s', (source, names) => {
    expect(outputNames([source])).toEqual(names)
  })

  it('refuses outputs that are not written out', () => {
    expect(() => outputNames(['outputs: { ...rest }'])).toThrow('written out')
  })
})
