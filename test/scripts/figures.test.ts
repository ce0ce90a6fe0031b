import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, test } from 'vitest'
import { importCycles } from '../../scripts/check/cycles.ts'
import { measureFigures } from '../../scripts/figures.ts'

const LONG_FUNCTION = `export function long() {\n${'  work()\n'.repeat(60)}}\n`
const LONG_NAME = 'n'.repeat(81)

test.each<[figure: string, files: Readonly<Record<string, string>>, places: readonly string[]]>([
  [
    'import cycles',
    {
      'src/a.ts': "import './x'\nimport type { B } from './b.ts'\n",
      'src/b.ts': "export { A } from './a.ts'\n",
    },
    ['src/a.ts → src/b.ts → src/a.ts'],
  ],
  [
    'files of src over 250 lines',
    { 'src/a.ts': 'a()\n'.repeat(251), 'src/b.ts': 'b()\n'.repeat(250) },
    ['src/a.ts: 251 lines'],
  ],
  ['functions of src over 50 lines', { 'src/a.ts': LONG_FUNCTION }, ['src/a.ts:1: 60 lines']],
  [
    'type names declared twice in src',
    { 'src/a.ts': 'export type T = 1\n', 'src/b.ts': 'interface T {}\n' },
    ['src/a.ts, src/b.ts: T'],
  ],
  ['comment lines over 110 columns', { 'lab/a.ts': `// ${'x'.repeat(108)}\n` }, ['lab/a.ts:1: 111 columns']],
  ['test files over 300 lines', { 'test/a.test.ts': 'a()\n'.repeat(301) }, ['test/a.test.ts: 301 lines']],
  [
    'test names over 80 characters',
    { 'test/a.test.ts': `it('${LONG_NAME}', () => {})\n` },
    [`test/a.test.ts: 81 characters: ${LONG_NAME}`],
  ],
  ['banned phrases per 1,000 words of docs', { 'docs/a.md': 'For whoever asks.\n' }, ['docs/a.md: whoever']],
  [
    'banned phrases per 1,000 words of messages',
    { 'src/a.ts': "fail('For whoever asks.')\n" },
    ['src/a.ts: whoever'],
  ],
])('counts %s', (name, files, places) => {
  const root = mkdtempSync(join(tmpdir(), 'pg-runbook-figures-'))
  try {
    writeFileSync(join(root, 'biome.json'), '{}')
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true })
      writeFileSync(join(root, file), text)
    }
    const figure = measureFigures(root).find(candidate => candidate.name === name)
    expect(figure?.places).toEqual(places)
    expect(figure?.value).toBeGreaterThan(figure?.limit ?? Infinity)
  } finally {
    rmSync(root, { recursive: true })
  }
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
