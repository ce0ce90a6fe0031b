import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { importCycles } from '../../scripts/check/cycles.ts'
import { measureFigures } from '../../scripts/figures.ts'

const LONG_FUNCTION = `export function long() {\n${'  work()\n'.repeat(60)}}\n`
const LONG_NAME = 'n'.repeat(81)

/** One tree with something over every limit: measuring it starts Biome once. */
const TREE: Readonly<Record<string, string>> = {
  'biome.json': '{}',
  'src/cycle/a.ts': "import './x'\nimport type { B } from './b.ts'\n",
  'src/cycle/b.ts': "export { A } from './a.ts'\n",
  'src/lines/a.ts': 'a()\n'.repeat(251),
  'src/lines/b.ts': 'b()\n'.repeat(250),
  'src/function/a.ts': LONG_FUNCTION,
  'src/twice/a.ts': 'export type T = 1\n',
  'src/twice/b.ts': "import type { T as Other } from './a.ts'\ninterface T {}\n",
  'src/core/a.ts': 'a()\n',
  'src/messages/a.ts': "fail('For whoever asks.')\n",
  'lab/a.ts': `// ${'x'.repeat(108)}\n`,
  'test/a.test.ts': 'a()\n'.repeat(301),
  'test/b.test.ts': `it('${LONG_NAME}', () => {})\n`,
  'docs/a.md': 'For whoever asks.\n',
}

describe('the figures', () => {
  const root = mkdtempSync(join(tmpdir(), 'pg-runbook-figures-'))
  for (const [file, text] of Object.entries(TREE)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  const figures = measureFigures(root)
  rmSync(root, { recursive: true })

  test.each<[figure: string, place: string]>([
    ['import cycles', 'src/cycle/a.ts → src/cycle/b.ts → src/cycle/a.ts'],
    ['exports of src that no file imports', 'src/function/a.ts: long'],
    ['core modules without a test at the mirrored path', 'src/core/a.ts'],
    ['files of src over 250 lines', 'src/lines/a.ts: 251 lines'],
    ['functions of src over 50 lines', 'src/function/a.ts:1: 60 lines'],
    ['type names declared twice in src', 'src/twice/a.ts, src/twice/b.ts: T'],
    ['comment lines over 110 columns', 'lab/a.ts:1: 111 columns'],
    ['test files over 300 lines', 'test/a.test.ts: 301 lines'],
    ['test names over 80 characters', `test/b.test.ts: 81 characters: ${LONG_NAME}`],
    ['banned phrases per 1,000 words of docs', 'docs/a.md: whoever'],
    ['banned phrases per 1,000 words of messages', 'src/messages/a.ts: whoever'],
  ])('count %s', (name, place) => {
    const figure = figures.find(candidate => candidate.name === name)
    expect(figure?.places).toEqual([place])
    expect(figure?.value).toBeGreaterThan(figure?.limit ?? Infinity)
  })
})

it('importCycles finds each cycle once, and none where imports only meet', () => {
  const sources = new Map([
    ['a.ts', "import { c } from './c.ts'"],
    ['b.ts', "import { c } from './c.ts'\nimport { a } from './a.ts'"],
    ['c.ts', "import { d } from './d.ts'"],
    ['d.ts', "import { c } from './c.ts'"],
  ])
  expect(importCycles(sources)).toEqual(['c.ts → d.ts → c.ts'])
})
