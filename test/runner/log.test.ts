import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { harmless } from '../../src/runner/log.ts'
import { anyText } from '../support/any-text.ts'
import { runPhaseOf } from '../support/phase.ts'

/**
 * The runner's own reading of a line, restated from actions/runner src/Runner.Common/ActionCommand.cs
 * (TryParseV2 and TryParse). Its StartsWith and IndexOf compare by the rules of a language, which overlook
 * characters without weight; `overlooked` says which: none (ordinal), or those. The position where a match of
 * that kind starts is not specified beyond that, so every possible one is tried.
 */
function isCommand(line: string, overlooked: RegExp): boolean {
  const trimmed = line.replace(/^[\s\u0085]+/, '')
  const closing = positions(trimmed.slice(2), '::', overlooked).map(at => at + 2)
  if (startsWith(trimmed, '::', overlooked) && closing.some(end => isKnown(trimmed.slice(2, end))))
    return true
  return positions(line, '##[', overlooked).some(at => {
    const end = line.indexOf(']', at)
    return end >= 0 && isKnown(line.slice(at + 3, end))
  })
}

const isKnown = (head: string) => COMMANDS.includes(head.split(' ')[0] ?? '')
const COMMANDS = ['add-mask', 'add-matcher', 'debug', 'echo', 'endgroup', 'error', 'group', 'notice']
COMMANDS.push('save-state', 'set-output', 'stop-commands', 'warning', 'add-path', 'set-env')

function positions(text: string, key: string, overlooked: RegExp): readonly number[] {
  const all = Array.from({ length: text.length }, (_, at) => at)
  return all.filter(at => startsWith(text.slice(at), key, overlooked))
}

function startsWith(text: string, key: string, overlooked: RegExp): boolean {
  return text.replace(overlooked, '').startsWith(key)
}

const ORDINAL = /(?!)/g
const BY_LANGUAGE = /[\p{Default_Ignorable_Code_Point}\p{M}\p{Cc}\p{Cf}]/gu

/** Lines as the runner reads them: StreamReader.ReadLine ends a line at \r, \n or both. */
const isHarmless = (text: string) =>
  text.split(/\r\n|\r|\n/).every(line => !isCommand(line, ORDINAL) && !isCommand(line, BY_LANGUAGE))

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '::',
        ':',
        '##[',
        '#',
        '[',
        ']',
        '##',
        '::error::',
        '##[add-mask]',
        'set-output name=a',
      ),
      fc.constantFrom(...COMMANDS),
      fc.constantFrom(
        '\n',
        '\r',
        '\r\n',
        ' ',
        '\t',
        '\u00a0',
        '\u0085',
        '\u2028',
        '\u3000',
        '\u000b',
        '\u001b[1m',
      ),
      fc.constantFrom(
        '\u00ad',
        '\u2060',
        '\u200b',
        '\u200d',
        '\ufe0f',
        '\ufeff',
        '\u034f',
        '\u180e',
        '\u0301',
        '\ufff9',
      ),
      anyText({ maxLength: 2 }),
    ),
    { maxLength: 12 },
  )
  .map(pieces => pieces.join(''))

describe('the rule by which the runner finds commands', () => {
  test.each([
    '::error::x',
    '  ::error file=a,line=1::x',
    '\u00a0::add-mask::o',
    'NOTICE: hi ##[set-output name=key]evil',
    'pg_restore: error: ##[add-mask]o',
    '::stop-commands::x',
  ])('finds %j', line => {
    expect(isCommand(line, ORDINAL)).toBe(true)
    expect(isHarmless(line)).toBe(false)
  })

  test.each(['x ::error::y', '::unknown::x', '::error', '##[unknown]', '##[error', 'a :: b'])(
    'lets %j be',
    line => {
      expect(isHarmless(line)).toBe(true)
    },
  )
})

describe('text that was made harmless', () => {
  test.each([
    ['plain text: a::b, c[1] # 2', 'plain text: a::b, c[1] # 2'],
    ['NOTICE:  relation "x" exists', 'NOTICE:  relation "x" exists'],
    ['::error::x', ': :error::x'],
    ['a\n  ::add-mask::b', 'a\n  : :add-mask::b'],
    ['a\r::debug::b', 'a\n: :debug::b'],
    ['a ##[group]b', 'a ## [group]b'],
    ['\u001b[31mred\u0007', '\ufffd[31mred\ufffd'],
    ['a\tb', 'a\tb'],
    ['\u202e::x', '\ufffd::x'],
  ])('%j becomes %j', (text, expected) => {
    expect(harmless(text)).toBe(expected)
  })

  it('holds no command, whatever it was', () => {
    fc.assert(
      fc.property(hostile, text => {
        expect(isHarmless(harmless(text))).toBe(true)
      }),
      { numRuns: 20_000 },
    )
  })

  it('was often a command before: the property above can fail', () => {
    const commands = fc.sample(hostile, { numRuns: 5000, seed: 1 }).filter(text => !isHarmless(text))
    expect(commands.length).toBeGreaterThan(250)
  })

  it('stays the same when it passes again', () => {
    fc.assert(
      fc.property(hostile, text => {
        expect(harmless(harmless(text))).toBe(harmless(text))
      }),
    )
  })
})

describe('the log of a step', () => {
  it('has no command in it but its own, whichever way the text came in', async () => {
    const { stdout, stderr } = await runPhaseOf(
      `async main({ log }) {
        const evil = 'x\\n::set-output name=a::b\\rnotice ##[add-mask]o'
        log.info(evil)
        log.debug(evil)
        log.warning(evil)
        await log.group(evil, async () => {})
        throw new OperatorError('DATABASE_FAILED', evil, { hint: evil, cause: new Error(evil) })
      }`,
    )
    const found = stdout
      .split(/\r?\n/)
      .filter(line => isCommand(line, ORDINAL) || isCommand(line, BY_LANGUAGE))
    expect(found.map(line => line.replace(/^(::[\w-]+).*/, '$1'))).toEqual([
      '::debug',
      '::warning',
      '::group',
      '::endgroup',
      '::error',
    ])
    expect(stderr).toBe('')
  })
})
