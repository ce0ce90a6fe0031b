import process from 'node:process'
import { afterEach, describe, expect, it, test } from 'vitest'
import { readInputs, type SetupInputs } from '../../../src/actions/setup-pg18/inputs.ts'
import { Inputs } from '../../../src/runner/inputs.ts'

const DEFAULTS = {
  version: '18',
  components: 'client',
  extensions: '',
  source: 'auto',
  'apt-source': '',
  cache: 'true',
  'security-floor': 'warn',
}

/** Inputs come by the environment, as the runner gives them. */
function read(given: Partial<typeof DEFAULTS> = {}): SetupInputs {
  for (const [name, value] of Object.entries({ ...DEFAULTS, ...given }))
    process.env[`INPUT_${name.toUpperCase()}`] = value
  return readInputs(new Inputs())
}

afterEach(() => {
  for (const name of Object.keys(DEFAULTS)) delete process.env[`INPUT_${name.toUpperCase()}`]
})

describe('the inputs of setup-pg18', () => {
  it('are typed', () => {
    expect(read()).toEqual({
      version: { major: 18 },
      components: ['client'],
      extensions: [],
      source: 'auto',
      aptSource: undefined,
      cache: true,
      securityFloor: 'warn',
    })
  })

  test.each([
    ['client', ['client']],
    ['server', ['client', 'server']],
    ['client,server', ['client', 'server']],
    ['server, client', ['client', 'server']],
    ['client\nserver\n', ['client', 'server']],
  ])('components: %j', (text, expected) => {
    expect(read({ components: text }).components).toEqual(expected)
  })

  it('reads extensions sorted, each once', () => {
    const read18 = read({ components: 'server', extensions: 'postgis, pgvector\npostgis' })
    expect(read18.extensions).toEqual(['pgvector', 'postgis'])
  })

  test.each([
    [{ version: '17' }, 'version: got "17", expected 18, or one release of it such as 18.7'],
    [{ version: '18.x' }, 'version: got "18.x", expected'],
    [{ version: '18.7-1' }, 'version: got "18.7-1", expected'],
    [
      { components: 'client, pgbouncer' },
      'components: got "client, pgbouncer", expected client, server or both',
    ],
    [{ components: ',' }, 'components: got ",", expected client, server or both'],
    [{ extensions: 'pgvector' }, 'components: must include server'],
    [
      { components: 'server', extensions: '../x' },
      'extensions: expected names of extensions such as pgvector or postgis, not "../x"',
    ],
    [
      { components: 'server', source: 'system', extensions: 'pgvector' },
      'extensions: cannot be installed with source: system',
    ],
    [{ source: 'Apt' }, 'source: got "Apt", expected "auto", "system", "apt", "homebrew"'],
    [{ cache: 'yes' }, 'cache: got "yes", expected "true", "false"'],
    [{ 'security-floor': '18.7' }, 'security-floor: got "18.7", expected "warn", "fail", "off"'],
    [{ 'apt-source': 'deb [trusted=yes] https://a.example x main' }, 'trusted is not accepted'],
    [
      { source: 'system', 'apt-source': 'deb https://a.example x main' },
      'apt-source: has no effect with source: system',
    ],
  ] as const)('%o is refused', (given, problem) => {
    expect(() => read(given)).toThrow(problem)
  })

  it('are refused all at once', () => {
    expect(() => read({ version: '9', source: 'npm', cache: '' })).toThrow(
      /^3 inputs are wrong:\n- version: .*\n- source: .*\n- cache: /,
    )
  })
})
