import { describe, expect, it } from 'vitest'
import {
  contentOptions,
  type DumpOptions,
  dumpArguments,
  isPartial,
  parseCompression,
} from '../../../src/core/backup/dump-options.ts'

const WHOLE: DumpOptions = {
  format: 'custom',
  compression: 'zstd:3',
  tables: [],
  excludeTables: [],
  schemas: [],
  lockTimeoutMs: 30_000,
}

describe('the arguments of pg_dump', () => {
  it('of a whole database choose nothing', () => {
    expect(dumpArguments(WHOLE, '00000003-0000001B-1')).toEqual([
      '--no-password',
      '--verbose',
      '--dbname=keepalives_idle=30 keepalives_interval=10 keepalives_count=6',
      '--format=custom',
      '--compress=zstd:3',
      '--snapshot=00000003-0000001B-1',
      '--lock-wait-timeout=30000',
    ])
  })

  it.each([
    [
      { tables: ['users', 'audit.*'] },
      ['--table-and-children=users', '--table-and-children=audit.*', '--strict-names'],
      ['--exclude-table=pg_*.*', '--exclude-table=information_schema.*'],
    ],
    [
      { schemas: ['app'] },
      ['--schema=app', '--strict-names'],
      ['--exclude-schema=pg_*', '--exclude-schema=information_schema'],
    ],
    [{ excludeTables: ['log'] }, ['--exclude-table-and-children=log'], []],
  ])('of %j keep the tables of the system out', (more, chosen, limits) => {
    const args = dumpArguments({ ...WHOLE, ...more }, 's')
    expect(args.slice(7)).toEqual([...chosen, ...limits])
  })

  it('keep a hostile pattern in one argument', () => {
    expect(contentOptions({ ...WHOLE, tables: ['--file=/tmp/x', 'a b'] })).toEqual([
      '--table-and-children=--file=/tmp/x',
      '--table-and-children=a b',
    ])
  })

  it('leave owners and grants out of a plain script only', () => {
    const without = ['--no-owner', '--no-acl']
    expect(dumpArguments({ ...WHOLE, format: 'plain' }, 's')).toEqual(expect.arrayContaining(without))
    expect(dumpArguments(WHOLE, 's')).not.toEqual(expect.arrayContaining(without))
  })

  it('load through the root of partitions only where it is asked for', () => {
    expect(dumpArguments(WHOLE, 's', true)).toContain('--load-via-partition-root')
    expect(dumpArguments(WHOLE, 's')).not.toContain('--load-via-partition-root')
  })
})

it.each([
  [{}, false],
  [{ tables: ['a'] }, true],
  [{ excludeTables: ['a'] }, true],
  [{ schemas: ['a'] }, true],
])('a dump of %j is partial: %s', (more, expected) => {
  expect(isPartial({ ...WHOLE, ...more })).toBe(expected)
})

describe('a compression', () => {
  it.each(['none', 'gzip', 'gzip:9', 'lz4:0', 'lz4:level=12', 'zstd:-5', 'zstd:level=22,long', 'zstd:long'])(
    'takes %s',
    text => {
      expect(parseCompression(text)).toBe(text)
    },
  )

  it.each([
    '',
    'none:1',
    'gzip:0',
    'gzip:',
    'lz4:long',
    'zstd:23',
    'zstd:3,long',
    'ZSTD',
    'zstd:3\n',
    'toString',
  ])('refuses %j', text => {
    expect(() => parseCompression(text)).toThrow(
      new RangeError(
        'expected none, gzip (levels 1 to 9), lz4 (0 to 12) or zstd (up to 22), as in zstd:3 or zstd:level=3,long',
      ),
    )
  })
})
