import { describe, expect, it, test } from 'vitest'
import {
  bannedPhrases,
  commentLines,
  countWords,
  literalsOf,
  proseProblems,
} from '../../scripts/check/prose.ts'

describe('banned phrases', () => {
  test.each([
    ['Whoever may write can overwrite it.', ['Whoever']],
    ['Nobody is told, and everybody waits.', ['Nobody', 'is told', 'everybody']],
    ['The dump gave way; it stands against that.', ['gave way', 'stands against']],
    ['One pattern, one a line, beside the old one.', ['one a line', 'beside the old']],
    ['An entry is made anew and never passed over.', ['anew', 'passed over']],
  ])('finds them in "%s"', (text, expected) => {
    expect(bannedPhrases(text)).toEqual(expected)
  })

  test.each([
    'However long the dump takes, retry whenever the store says so.',
    'Empty where there is none.',
    'Take one a day.',
    'The server runs as the user `nobody`.',
    'Tell a partial backup from a full one.',
    'A pass over the table reads every row.',
    'The archive lies beside its manifest.',
  ])('leaves plain English alone: %s', text => {
    expect(bannedPhrases(text)).toEqual([])
  })
})

describe('proseProblems', () => {
  it('reports a comment line over 110 columns, unless it ends with a link', () => {
    const link = `https://example.com/${'x'.repeat(110)}`
    const source = [`// ${'x'.repeat(108)}`, `/** ${link}`, ' */', `const a = '${'x'.repeat(120)}'`].join(
      '\n',
    )
    expect(proseProblems('lab/a.ts', source)).toEqual([
      'lab/a.ts:1: a comment line has 111 columns (at most 110)',
    ])
  })

  it('reports a phrase in a comment, and in a message of src', () => {
    const source = "/**\n * For whoever asks.\n */\nfail('Nobody knows X.')\n"
    expect(proseProblems('src/a.ts', source)).toEqual([
      'src/a.ts:2: "whoever" (docs/style.md)',
      'src/a.ts:4: "Nobody" (docs/style.md)',
    ])
    expect(proseProblems('test/a.test.ts', source)).toEqual(['test/a.test.ts:2: "whoever" (docs/style.md)'])
  })

  it('reads Markdown without its code and links', () => {
    const source = '# Title\n\n```sh\n# nobody\n```\nAs `nobody`, see [it](whatever.md).\nFor anybody.\n'
    expect(proseProblems('docs/a.md', source)).toEqual(['docs/a.md:7: "anybody" (docs/style.md)'])
  })

  it('reads descriptions and comments of workflows', () => {
    expect(proseProblems('actions/a/action.yml', 'description: Whatever it is.\n')).toHaveLength(1)
    expect(proseProblems('.github/workflows/a.yml', 'jobs: {} # shall run\n')).toHaveLength(1)
  })
})

it('commentLines knows block comments, and code that only looks like one', () => {
  const source = "/**\n * one\n */\nconst a = 1 // not alone on its line\n  // two\nconst b = '/*'\n"
  expect(commentLines(source).map(({ line }) => line)).toEqual([1, 2, 3, 5])
})

it('literalsOf takes sentences, not names, and leaves interpolations out', () => {
  expect(literalsOf("import a from 'a b'\nf('one', 'two words', `three $".concat('{four} five`)'))).toBe(
    'two words\nthree X five',
  )
})

it('countWords counts words in any script', () => {
  expect(countWords('pg_dump’s own, naïve 2 words')).toBe(6)
})
