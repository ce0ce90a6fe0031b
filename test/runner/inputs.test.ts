import { describe, expect, it, test } from 'vitest'
import { annotations, runPhaseOf } from '../support/phase.ts'

/** What an action reads, as JSON; or its one annotation. */
async function read(code: string, inputs: Readonly<Record<string, string>>): Promise<unknown> {
  const run = await runPhaseOf(
    `async main({ inputs }) { return { outputs: { read: JSON.stringify(inputs.finish({ ${code} })) } } }`,
    { inputs },
  )
  return run.outputs.read === undefined ? annotations(run.stdout) : JSON.parse(run.outputs.read)
}

const invalid = (message: string) => [
  `error test-action: INVALID_INPUT: ${message}\nCorrect the "with:" block of this step; nothing was done.`,
]

describe('inputs', () => {
  it('are read by kind', async () => {
    const code = `
      text: inputs.text('database'), optional: inputs.optional('s3-region'), absent: inputs.optional('none') ?? null,
      kind: inputs.oneOf('kind', ['daily', 'manual']), yes: inputs.flag('yes'), no: inputs.flag('no'),
      timeoutMs: inputs.durationMs('timeout'), tables: inputs.lines('tables'), none: inputs.lines('none'),
      size: inputs.parse('size', Number), maybe: inputs.parseOptional('maybe', Number) ?? null`
    const inputs = {
      database: '  logi ',
      's3-region': 'eu-central-1',
      kind: 'daily',
      yes: 'true',
      no: 'false',
      timeout: '1h30m',
      tables: 'public.users\n\n  # not this\n  public.events  \r\n',
      size: '7',
    }
    expect(await read(code, inputs)).toEqual({
      text: 'logi',
      optional: 'eu-central-1',
      absent: null,
      kind: 'daily',
      yes: true,
      no: false,
      timeoutMs: 5_400_000,
      tables: ['public.users', 'public.events'],
      none: [],
      size: 7,
      maybe: null,
    })
  })

  test.each([
    [`a: inputs.text('a')`, {}, 'a: is required'],
    [`a: inputs.text('a')`, { a: '   ' }, 'a: is required'],
    [`a: inputs.oneOf('a', ['x', 'y'])`, { a: 'X' }, 'a: got "X", expected "x", "y"'],
    [`a: inputs.flag('a')`, { a: 'yes' }, 'a: got "yes", expected "true", "false"'],
    [`a: inputs.flag('a')`, { a: 'True' }, 'a: got "True", expected "true", "false"'],
    [`a: inputs.durationMs('a')`, { a: '10' }, 'a: "10" is not a duration such as 90s, 10m or 1h30m'],
    [
      `a: inputs.parseOptional('a', () => { throw new RangeError('expected 18') })`,
      { a: '17' },
      'a: got "17", expected 18',
    ],
    [`a: inputs.problem('a', 'is of no use with b')`, {}, 'a: is of no use with b'],
  ])('%s of %o is refused', async (code, inputs, message) => {
    expect(await read(code, inputs)).toEqual(invalid(message))
  })

  it('report every problem at once', async () => {
    const code = `a: inputs.text('a'), b: inputs.flag('b'), c: inputs.durationMs('c'), d: inputs.optional('d')`
    expect(await read(code, { b: '1', c: 'soon' })).toEqual(
      invalid(
        '3 inputs are wrong:\n- a: is required\n- b: got "1", expected "true", "false"\n' +
          '- c: "soon" is not a duration such as 90s, 10m or 1h30m',
      ),
    )
  })

  it('report every line that is wrong', async () => {
    const code = `a: inputs.parseLines('a', text => { if (text !== 'x') throw new RangeError('expected x'); return text })`
    expect(await read(code, { a: 'x\n\n# y\nx' })).toEqual({ a: ['x', 'x'] })
    expect(await read(code, { a: 'x\ny\nz' })).toEqual(
      invalid('2 inputs are wrong:\n- a: got "y", expected x\n- a: got "z", expected x'),
    )
  })

  it('combine only what was read, and report what the combination breaks', async () => {
    const code = `pair: inputs.combine({ a: inputs.flag('a'), b: inputs.flag('b') }, ({ a, b }) =>
      a === b ? inputs.problem('b', 'is the same as a') : [a, b])`
    expect(await read(code, { a: 'true', b: 'false' })).toEqual({ pair: [true, false] })
    expect(await read(code, { a: 'true', b: 'true' })).toEqual(invalid('b: is the same as a'))
    expect(await read(code, { a: 'true', b: 'no' })).toEqual(invalid('b: got "no", expected "true", "false"'))
  })

  it('let an error that is no problem of the input pass as the defect that it is', async () => {
    const found = await read(`a: inputs.parse('a', () => { throw new TypeError('oops') })`, { a: '1' })
    expect(found).toEqual([expect.stringContaining('INTERNAL: This should not happen: oops')])
  })

  it('are frozen once they are read', async () => {
    const run = await runPhaseOf(`async main({ inputs }) {
      const read = inputs.finish({ a: 1 })
      try { read.a = 2 } catch (error) { return { outputs: { error: error.name, a: read.a } } }
    }`)
    expect(run.outputs).toEqual({ error: 'TypeError', a: '1' })
  })
})

describe('a secret input', () => {
  it('is masked in every spelling before anything else is printed', async () => {
    const run = await runPhaseOf(
      `async main({ inputs, log }) {
        const secret = inputs.secret('database-url')
        log.info(\`connecting with \${secret}\`)
        return { outputs: { secret: JSON.stringify({ secret }), length: secret.reveal().length } }
      }`,
      { inputs: { 'database-url': 'p@ss w%rd\nü' } },
    )
    const lines = run.stdout.trimEnd().split('\n')
    expect(lines.pop()).toBe('connecting with ***')
    expect(lines).toContain('::add-mask::p@ss w%25rd%0Aü')
    expect(lines).toContain('::add-mask::p%2540ss%2520w%2525rd%250A%25C3%25BC')
    expect(lines.every(line => line.startsWith('::add-mask::'))).toBe(true)
    expect(run.outputs).toEqual({ secret: '{"secret":"***"}', length: '11' })
  })

  it('that is empty is none', async () => {
    const run = await runPhaseOf(
      `async main({ inputs }) { return { outputs: { none: inputs.secret('database-url') === undefined } } }`,
      { inputs: { 'database-url': '' } },
    )
    expect(run).toMatchObject({ stdout: '', outputs: { none: 'true' } })
  })

  it('does not show in the error that refuses it', async () => {
    const run = await runPhaseOf(
      `async main({ inputs }) {
        const secret = inputs.secret('database-url')
        inputs.attempt('database-url', () => { throw new RangeError('is not a URL') })
        inputs.finish({ secret })
      }`,
      { inputs: { 'database-url': 'hunter2' } },
    )
    expect(annotations(run.stdout)).toEqual(invalid('database-url: is not a URL'))
    expect(run.summary).not.toContain('hunter2')
  })
})
