import { describe, expect, it, test } from 'vitest'
import { parseAptSource } from '../../../../src/postgres/install/apt/apt-source.ts'

describe('a one-line source', () => {
  it('becomes deb822', () => {
    const line =
      'deb [signed-by=/etc/key.asc arch=amd64,arm64] https://mirror.example/debian forky main contrib'
    expect(parseAptSource(`# mirror\n\n${line}\n`)).toBe(
      'Types: deb\nURIs: https://mirror.example/debian\nSuites: forky\nComponents: main contrib\n' +
        'Signed-By: /etc/key.asc\nArchitectures: amd64 arm64\n',
    )
  })

  it('may be several', () => {
    const text = parseAptSource('deb https://a.example x main\ndeb https://b.example y/')
    expect(text.split('\n\n')).toEqual([
      'Types: deb\nURIs: https://a.example\nSuites: x\nComponents: main',
      'Types: deb\nURIs: https://b.example\nSuites: y/\n',
    ])
  })
})

describe('a deb822 source', () => {
  it('stays as it is, a key inside it included', () => {
    const source =
      'Types: deb\nURIs: https://a.example\nSuites: x\nComponents: main\nSigned-By:\n -----BEGIN\n .\n AAAA\n'
    expect(parseAptSource(source)).toBe(source.replace('Signed-By:', 'Signed-By: '))
  })

  it('gives no sources of sources', () => {
    expect(parseAptSource('Types: deb deb-src\nURIs: u\nSuites: s\n')).toContain('Types: deb\n')
  })
})

describe('a suite of the PostgreSQL project', () => {
  it('is verified by the key that the action carries', () => {
    const text = parseAptSource('deb https://mirror.example/pgdg noble-pgdg main')
    expect(text).toContain('Signed-By: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBE6XR8IB')
    expect(
      text
        .split('\n')
        .slice(6, -1)
        .every(line => /^ \S/.test(line)),
    ).toBe(true)
  })

  it('is verified by another key if one is named', () => {
    expect(parseAptSource('deb [signed-by=/k.gpg] https://m.example noble-pgdg main')).toContain(
      'Signed-By: /k.gpg\n',
    )
  })
})

describe('what would not be verified', () => {
  test.each([
    ['deb [trusted=yes] https://a.example x main', 'trusted'],
    ['deb [allow-insecure=yes] https://a.example x main', 'allow-insecure'],
    ['deb [allow-weak=yes] https://a.example x main', 'allow-weak'],
    ['deb [check-valid-until=no] https://a.example x main', 'check-valid-until'],
    ['Types: deb\nURIs: u\nSuites: s\nTrusted: yes', 'Trusted'],
    ['types: deb\nuris: u\nsuites: s\nCHECK-DATE: no', 'CHECK-DATE'],
    ['Types: deb\nURIs: u\nSuites: s\nAllow-Downgrade-To-Insecure: yes', 'Allow-Downgrade-To-Insecure'],
  ])('%j is refused', (text, named) => {
    expect(() => parseAptSource(text)).toThrow(RangeError)
    expect(() => parseAptSource(text)).toThrow(`${named} is not accepted`)
  })
})

test.each([
  ['', 'it names no source'],
  ['# nothing', 'it names no source'],
  ['https://a.example x main', 'is not of the form "deb [signed-by=/key.asc] URI suite component"'],
  ['deb-src https://a.example x main', 'is not of the form'],
  ['Types: deb\nSuites: s', 'a source needs Types: deb, URIs and Suites'],
  ['Types: deb-src\nURIs: u\nSuites: s', 'a source needs Types: deb'],
  ['Types: deb\nwhat is this', '"what is this" is not a deb822 field'],
])('%j is refused: %s', (text, problem) => {
  expect(() => parseAptSource(text)).toThrow(RangeError)
  expect(() => parseAptSource(text)).toThrow(problem)
})
