import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  canDump,
  compareVersions,
  fromVersionNumber,
  isBelowSecurityFloor,
  parseVersion,
  parseWantedVersion,
  renderVersion,
  renderWanted,
  SECURITY_FLOOR,
  satisfies,
} from '../../../src/core/pg/version.ts'

const version = (major: number, minor: number) => ({ major, minor })

describe('the version of a tool', () => {
  test.each([
    ['pg_dump (PostgreSQL) 18.6', '18.6'],
    ['pg_dump (PostgreSQL) 18.6 (Debian 18.6-3)', '18.6'],
    ['pg_dump (PostgreSQL) 18.7 (Ubuntu 18.7-1.pgdg24.04+1)\n', '18.7'],
    ['psql (PostgreSQL) 18.6 (Homebrew)', '18.6'],
    ['pg_dump (PostgreSQL) 18beta1', '18.0'],
    ['pg_dump (PostgreSQL) 19rc2', '19.0'],
    ['pg_dump (PostgreSQL) 19devel', '19.0'],
    ['PostgreSQL 18.6 on x86_64-pc-linux-gnu, compiled by gcc (Debian 14.2.0) 14.2.0, 64-bit', '18.6'],
    ['18.6', '18.6'],
    ['18', '18.0'],
    ['pg_dump (PostgreSQL) 9.6.24', '9.6'],
  ])('%s is %s', (text, expected) => {
    expect(renderVersion(parseVersion(text))).toBe(expected)
  })

  test.each(['', 'pg_dump', 'v18', '18.', '18.x', 'PostgreSQL eighteen', '2026'])('%j names none', text => {
    expect(() => parseVersion(text)).toThrow(RangeError)
    expect(() => parseVersion(text)).toThrow(`"${text}" does not name a PostgreSQL version such as 18.7`)
  })

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 99 }), fc.nat(99), (major, minor) => {
        expect(parseVersion(`pg_dump (PostgreSQL) ${major}.${minor} (x)`)).toEqual({ major, minor })
      }),
    )
  })
})

describe('the version of a server', () => {
  test.each([
    [180006, '18.6'],
    [180000, '18.0'],
    [100023, '10.23'],
    [90624, '9.6'],
    [80400, '8.4'],
  ])('%d is %s', (number, expected) => {
    expect(renderVersion(fromVersionNumber(number))).toBe(expected)
  })
})

describe('versions', () => {
  it('compare by major first, then by minor', () => {
    expect(compareVersions(version(18, 6), version(18, 6))).toBe(0)
    expect(compareVersions(version(18, 6), version(18, 10))).toBeLessThan(0)
    expect(compareVersions(version(18, 0), version(17, 99))).toBeGreaterThan(0)
  })

  test.each([
    [version(18, 0), version(18, 9), true],
    [version(18, 6), version(17, 9), true],
    [version(17, 9), version(18, 0), false],
  ])('pg_dump %o dumps server %o: %s', (tool, server, can) => {
    expect(canDump(tool, server)).toBe(can)
  })

  test.each([
    [version(18, 6), true],
    [version(18, 0), true],
    [SECURITY_FLOOR, false],
    [version(18, 8), false],
    [version(19, 0), false],
    [version(17, 11), true],
    [version(17, 12), false],
    [version(16, 16), false],
    [version(15, 19), true],
    [version(14, 25), false],
    [version(13, 99), true],
  ])('%o is below the security floor: %s', (tool, below) => {
    expect(isBelowSecurityFloor(tool)).toBe(below)
  })
})

describe('the version that a user asks for', () => {
  test.each([
    ['18', { major: 18 }],
    ['18.7', version(18, 7)],
  ])('%s is read, and written as it was', (text, wanted) => {
    expect(parseWantedVersion(text)).toEqual(wanted)
    expect(renderWanted(parseWantedVersion(text))).toBe(text)
  })

  test.each(['', 'latest', '18.', '18.x', 'v18', '18.7.1', '^18', '18 '])('%j is refused', text => {
    expect(() => parseWantedVersion(text)).toThrow(RangeError)
    expect(() => parseWantedVersion(text)).toThrow('expected a major such as 18')
  })

  test.each([
    [version(18, 6), '18', true],
    [version(18, 6), '18.6', true],
    [version(18, 6), '18.7', false],
    [version(17, 6), '18', false],
    [version(18, 0), '18.0', true],
  ])('%o satisfies %s: %s', (found, wanted, satisfied) => {
    expect(satisfies(found, parseWantedVersion(wanted))).toBe(satisfied)
  })
})
