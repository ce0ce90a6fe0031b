import { describe, expect, it } from 'vitest'
import {
  byVersion,
  compareVersions,
  flywayChecksum,
  OWN_PREFIX,
  parseScripts,
  parseVersion,
  renderVersion,
} from '../../../src/core/migrations/flyway-script.ts'

const scripts = (...names: readonly string[]) =>
  parseScripts(names.map(name => ({ path: `db/${name}`, name, text: '' })))

describe('a script of Flyway', () => {
  it.each([
    ['V1__init.sql', 'V', '1', 'init', 'V1__init.sql'],
    ['V2.sql', 'V', '2', '', 'V2.sql'],
    ['V2_1__a__b.sql', 'V', '2.1', 'a__b', 'V2_1__a__b.sql'],
    ['V003.0__x.py', 'V', '3', 'x', 'V003.0__x.py'],
    ['B10__all.sql', 'B', '10', 'all', 'B10__all.sql'],
    ['R__views.sql', 'R', '', 'views', 'R__views.sql'],
    ['V1__Init.java', 'V', '1', 'Init', 'V1__Init'],
  ])('%s', (name, prefix, version, description, key) => {
    const [script] = scripts(name)
    expect(script).toMatchObject({ prefix, name, description, key })
    expect(renderVersion(script?.version ?? [])).toBe(version)
  })

  it.each([
    'U1__undo.sql',
    'V__no_version.sql',
    'R1__version.sql',
    'V1__a.txt',
    'V1__a.sql.bak',
    'v1__a.sql',
    'Va__b.sql',
    'V1_a.sql',
    '.sql',
    '',
  ])('is not %j', name => {
    expect(scripts(name)).toEqual([])
  })

  it.each([
    ['Mig2__b.sql', true],
    ['VX2__b.sql', true],
    ['V2__b.sql', false],
    ['U2__b.sql', false],
    ['beforeMigrate__x.sql', false],
    ['2__b.sql', false],
  ])('%s has a prefix of its own: %s', (name, expected) => {
    expect(OWN_PREFIX.test(name)).toBe(expected)
  })
})

describe('versions', () => {
  it.each([
    ['1', '1.0', 0],
    ['2_1', '002.1.0', 0],
    ['', '0', 0],
    ['2', '10', -1],
    ['1.10', '1.9', 1],
    ['1', '1.0.1', -1],
    ['20260901090000123456789', '20260901090000123456788', 1],
  ])('%j compares with %j as %d', (a, b, expected) => {
    expect(compareVersions(parseVersion(a), parseVersion(b))).toBe(expected)
  })

  it('order scripts, with repeatable ones last by description', () => {
    const sorted = scripts('R__b.sql', 'V10__x.sql', 'R__a.sql', 'V9__y.sql').toSorted(byVersion)
    expect(sorted.map(({ name }) => name)).toEqual(['V9__y.sql', 'V10__x.sql', 'R__a.sql', 'R__b.sql'])
  })
})

describe('the checksum', () => {
  it('is the one that Flyway 11.8.2 wrote', () => {
    const text =
      '\ufeffCREATE OR REPLACE VIEW user_emails AS\r\n  SELECT email, 1 AS\tn FROM users;\r\n\r\n-- ä\n'
    expect(flywayChecksum(text)).toBe(-466931128)
  })

  it.each(['a\nb', 'a\r\nb', 'a\rb', 'a\nb\n', '\ufeffa\nb'])('does not depend on line ends: %j', text => {
    expect(flywayChecksum(text)).toBe(flywayChecksum('ab'))
  })

  it('is the CRC-32 of the bytes, signed', () => {
    expect(flywayChecksum('')).toBe(0)
    // The check value of CRC-32.
    expect(flywayChecksum('123456789')).toBe(0xcbf43926 | 0)
  })
})
