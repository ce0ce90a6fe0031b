import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { findDifferences, findUntruths } from '../../scripts/demo/compare.ts'
import { type Content, readScript } from '../../scripts/demo/content.ts'
import { renderForTerminal } from '../../scripts/demo/markdown.ts'
import { createPage } from '../../scripts/demo/page.ts'
import { code, codeBlock, literal, printable, table } from '../../src/core/text/markdown.ts'
import { anyText } from '../support/any-text.ts'

const SCRIPT = String.raw`CREATE TABLE public.users (id integer, name text);
CREATE TABLE public."odd (name" (id integer);
COPY public.users (id, name) FROM stdin;
1	Ada
2	\\.
\.
COPY public."odd (name" (id) FROM stdin;
\.
CREATE INDEX index_users_on_name ON public.users (name);
`

/** In pieces, as a pipe gives it. */
async function* inPieces(script: string): AsyncGenerator<string> {
  for (let i = 0; i < script.length; i += 7) yield script.slice(i, i + 7)
}

function read(script: string): Promise<Content> {
  return readScript(inPieces(script))
}

describe('the content of a plain dump', () => {
  it('has the rows of every table', async () => {
    const { tables } = await read(SCRIPT)
    expect([...tables].map(([name, { rows }]) => [name, rows])).toEqual([
      ['public.users', 2],
      ['public."odd (name"', 0],
    ])
  })

  test.each([
    ['nothing', SCRIPT, []],
    ['a value', SCRIPT.replace('Ada', 'Bea'), ['public.users: as many rows, but not the same']],
    ['a row', SCRIPT.replace('1\tAda\n', ''), ['public.users: 2 rows in the source, 1 restored']],
    [
      'a table',
      SCRIPT.replace(/^COPY public.users .*?^\\\.\n/ms, ''),
      ['public.users: only in the source', 'the structure: types, indexes, constraints and such'],
    ],
    [
      'an index',
      SCRIPT.replace('index_users_on_name', 'other'),
      ['the structure: types, indexes, constraints and such'],
    ],
  ])('differs by %s, and the comparison says so', async (_what, restored, differences) => {
    expect(findDifferences(await read(SCRIPT), await read(restored))).toEqual(differences)
  })

  it('is held against what the manifest says', async () => {
    const counts = (rows: number) => [
      {
        schema: 'public',
        name: 'users',
        rows,
        newest: null,
        contentHash: null,
        extension: null,
        movesWithin: null,
      },
    ]
    const source = await read(SCRIPT.replace(/^COPY public."odd.*\n\\\.\n/m, ''))
    expect(findUntruths(counts(2), source)).toEqual([])
    expect(findUntruths(counts(3), source)).toEqual(['public.users: the manifest says 3, there are 2'])
    expect(findUntruths([], source)).toEqual(['public.users: the manifest says nothing, there are 2'])
  })
})

describe('a summary in the terminal', () => {
  const render = (markdown: string) => stripVTControlCharacters(renderForTerminal(markdown))

  it('has headings, aligned tables, and code blocks as they are', () => {
    const summary = [
      '## Backup of logi',
      '',
      table(
        ['Table', 'Rows'],
        [
          [code('a|b'), '1,234'],
          ['**c**', '5'],
        ],
      ),
      '',
      codeBlock('echo "**a**" | cat\n# b', 'bash'),
    ].join('\n')
    expect(render(summary)).toBe(
      [
        'Backup of logi',
        '==============',
        '',
        'Table   Rows',
        'a|b    1,234',
        'c          5',
        '',
        '  echo "**a**" | cat',
        '  # b',
      ].join('\n'),
    )
  })

  it('shows every text as it was before it was made harmless', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 40 }), text => {
        expect(render(literal(text))).toBe(printable(text))
      }),
    )
  })
})

it('begins no chapter after it was stopped', async () => {
  let [text, began] = ['', 0]
  const page = createPage(written => {
    text += written
  })
  await page.chapter('One', async () => page.say('a\n\nb'))
  page.stop()
  await expect(page.chapter('Two', async () => (began += 1))).rejects.toThrow('interrupted')
  expect(began).toBe(0)
  expect(stripVTControlCharacters(text)).toMatch(/^\n1\. One\n\n {3}a\n\n {3}b\n {3}\(\d\.\d s\)\n$/)
})
