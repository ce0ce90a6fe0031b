import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { code, codeBlock, literal, printable, table } from '../../../src/core/text/markdown.ts'
import { anyText } from '../../support/any-text.ts'

/** What a reader sees of literal text: spans are transparent, references are what they stand for. */
const seen = (markdown: string) =>
  markdown
    .replace(/<\/?span>/g, '')
    .replace(/&#(\d+);/g, (_, point) => String.fromCodePoint(Number(point)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')

/** Text with many of the pieces that mean something to GitHub's Markdown. */
const markup = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'\\`*_{}[]()#+-.!|~$@:<>&=/"\'',
        ' ',
        '    ',
        '\n',
        '\t',
        '\r',
        '1.',
        '2)',
        '```',
        '---',
      ),
      fc.constantFrom(
        'http',
        'https://',
        'www.',
        'a',
        'B',
        '7',
        '42',
        'gh-',
        'GH',
        'é',
        '名',
        '🙂',
        'mailto:',
        '.com',
      ),
      fc.constantFrom(
        '::',
        '##[',
        'error',
        'add-mask',
        '<!--',
        '-->',
        '<b>',
        '&amp;',
        '&#64;',
        '\u202e',
        '\u200b',
      ),
      anyText({ maxLength: 3 }),
    ),
    { maxLength: 14 },
  )
  .map(pieces => pieces.join(''))

describe('literal text', () => {
  test.each([
    'public.users',
    'logi_identity_links',
    'webhook__deliveries_2026_11',
    'public.events-2026',
    '"Order Items"',
    '18.6 (Debian 18.6-3)',
    'permission denied for table users, schema public; see 12:34:56.789',
    "it's 100% {done}, isn't it? yes!",
    'kind: daily',
    'x::text',
    'C:/temp/a+b=c',
    '3 of 7',
    '-5 +05:30 = x',
    'größe_名前_2',
    '',
  ])('leaves %j readable as it is', text => {
    expect(literal(text)).toBe(text)
  })

  test.each([
    ['a*b', 'a&#42;b'],
    ['_a_', '&#95;a&#95;'],
    ['a_ b', 'a&#95; b'],
    ['[a](b)', '&#91;a&#93;(b)'],
    ['a|b', 'a&#124;b'],
    ['<img src=x>', '&lt;img src=x&gt;'],
    ['&lt;', '&amp;lt;'],
    ['a\\*', 'a&#92;&#42;'],
    ['`x`', '&#96;x&#96;'],
    ['# a', '&#35; a'],
    ['- a', '&#45; a'],
    ['+ a', '&#43; a'],
    ['===', '&#61;=='],
    ['    a', '&#32;   a'],
    ['1. a', '1&#46; a'],
    ['2) a', '2&#41; a'],
    ['1.', '1&#46;'],
    ['ops@example.com', 'ops<span>@</span>example.com'],
    ['@team', '<span>@</span>team'],
    ['see #12', 'see <span>#</span>12'],
    ['GH-12', 'GH<span>-</span>12'],
    ['https://a.b', 'https<span>:</span>//a.b'],
    ['www.a.b', 'www<span>.</span>a.b'],
    ['a :tada: b', 'a <span>:</span>tada: b'],
    ['$x$', '<span>$</span>x<span>$</span>'],
    ['::error::x', '&#58;<span>:</span>error::x'],
    ['##[error]x', '&#35;#&#91;error&#93;x'],
    ['a\r\n\tb', 'a b'],
    ['a\u0000\u202eb', 'a\ufffd\ufffdb'],
    ['a\u00ad\u061c\u{e0041}b', 'a\ufffd\ufffd\ufffdb'],
    ['a\ud800b', 'a\ufffdb'],
  ])('turns %j into %j', (text, expected) => {
    expect(literal(text)).toBe(expected)
  })

  it('is seen exactly as the text, apart from what cannot be printed', () => {
    fc.assert(
      fc.property(markup, text => {
        expect(seen(literal(text))).toBe(printable(text))
      }),
      { numRuns: 2000 },
    )
  })

  it('opens no HTML, emphasis, code, link, mention, emoji, mathematics, table or block', () => {
    fc.assert(
      fc.property(markup, text => {
        const markdown = literal(text)
        expect(markdown).not.toMatch(/[\n\r]/)
        // A reference or a span ends every construct around it: both become a character that means nothing.
        const left = markdown.replace(/&(amp|lt|gt|#\d+);|<span>[@$#:.-]<\/span>/g, '\u0001')
        expect(left).not.toMatch(/[&<>\\`*[\]|~$@]/)
        expect(left).not.toMatch(/^( |#|[-+](\s|$)|-+\s*$|=+\s*$|:-|::|\d{1,9}[.)](\s|$))/)
        expect(left).not.toMatch(/(^|[^\p{L}\p{N}_])_|_($|[^\p{L}\p{N}_])/u)
        expect(left).not.toMatch(/:\/\/|\bwww\.|#\d|\bgh-\d/i)
        // No emoji is called by one or two digits: 12:42:10 is a time.
        expect(left).not.toMatch(/:(?!\d\d?:)[\w+-]+:/)
      }),
      { numRuns: 5000 },
    )
  })

  it('is no command for the runner either, where a summary is printed into a log', () => {
    fc.assert(
      fc.property(markup, text => {
        expect(literal(text)).not.toMatch(/^\s*::|##\[/)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('inline code', () => {
  test.each([
    ['', ''],
    ['public.users', '<code>public.users</code>'],
    ['a`b`</code><b>', '<code>a&#96;b&#96;&lt;/code&gt;&lt;b&gt;</code>'],
  ])('of %j is %j', (text, expected) => {
    expect(code(text)).toBe(expected)
  })
})

describe('a code block', () => {
  test.each([
    ['a', '```\na\n```'],
    ['a ``` b', '````\na ``` b\n````'],
    ['``````', '```````\n``````\n```````'],
    ['a\r\nb\tc', '```\na\nb\tc\n```'],
    ['a\u202eb\u001b[1m', '```\na\ufffdb\ufffd[1m\n```'],
  ])('around %j', (text, expected) => {
    expect(codeBlock(text)).toBe(expected)
  })

  it('names its language', () => {
    expect(codeBlock('ls', 'bash')).toBe('```bash\nls\n```')
  })

  it('is closed by its own fence only', () => {
    fc.assert(
      fc.property(markup, text => {
        const [fence = '', ...lines] = codeBlock(text).split('\n')
        expect(lines.pop()).toBe(fence)
        expect(lines.some(line => line.includes(fence))).toBe(false)
      }),
    )
  })
})

describe('a table', () => {
  it('has a head, a rule and a line for each row', () => {
    expect(table(['Table', 'Rows'], [[code('a|b'), '1']])).toBe(
      '| Table | Rows |\n| :--- | :--- |\n| <code>a&#124;b</code> | 1 |',
    )
  })

  it('without rows is nothing', () => {
    expect(table(['Table'], [])).toBe('')
  })

  it('keeps its columns, whatever the cells hold', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(markup, markup), { minLength: 1 }), rows => {
        const lines = table(
          ['a', 'b'],
          rows.map(row => row.map(literal)),
        ).split('\n')
        expect(lines).toHaveLength(rows.length + 2)
        for (const line of lines) expect(line.split('|')).toHaveLength(4)
      }),
    )
  })
})
