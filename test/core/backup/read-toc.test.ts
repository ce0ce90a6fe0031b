import { describe, expect, it, test } from 'vitest'
import { TocParser } from '../../../src/core/backup/read-toc.ts'

/** As WriteInt of pg_dump: a sign, then four bytes, the lowest first. */
function int(value: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes.writeUInt8(value < 0 ? 1 : 0)
  bytes.writeUInt32LE(Math.abs(value), 1)
  return bytes
}

/** As WriteStr: the length before the bytes, -1 for null. */
function text(value: string | null): Buffer {
  return value === null ? int(-1) : Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)])
}

interface Entry {
  readonly kind: string
  readonly name: string
  readonly id?: number
  readonly section?: number
  readonly definition?: string
  readonly schema?: string | null
  readonly dependsOn?: readonly string[]
}

function entry({ kind, name, ...more }: Entry, format: number): Buffer {
  const { id = 7, section = 2, definition = '', schema = 'public', dependsOn = [] } = more
  return Buffer.concat([
    ...[int(id), int(1), text('1259'), text('16384'), text(name), text(kind), int(section)],
    ...[text(definition), text('DROP it;'), text(null), text(schema), text('')],
    ...(format >= 14 ? [text('heap')] : []),
    ...(format >= 16 ? [int(114)] : []),
    ...[text('logi'), text('false'), ...dependsOn.map(text), text(null), Buffer.alloc(9)],
  ])
}

/** An archive in custom format up to the end of its table of contents. */
function archive(entries: readonly Entry[], format = 16): Buffer {
  const compression = format >= 15 ? Buffer.from([1]) : int(-1)
  return Buffer.concat([
    ...[Buffer.from('PGDMP'), Buffer.from([1, format, 0, 4, 8, 1]), compression],
    ...[0, 15, 3, 1, 10, 126, 0].map(int),
    ...['logi', '18.6', '18.6'].map(text),
    ...[int(entries.length), ...entries.map(one => entry(one, format))],
  ])
}

const USERS: Entry = { kind: 'TABLE DATA', name: 'Ümläut\n"x"', section: 3, dependsOn: ['215', '215', '9'] }

describe('the table of contents of an archive', () => {
  test.each([11, 12, 13, 14, 15, 16])('is read in format 1.%i', format => {
    expect(
      new TocParser().read(archive([USERS, { kind: 'EXTENSION', name: 'citext', schema: null }], format)),
    ).toEqual({
      databaseSettings: [],
      entries: [
        {
          id: '7',
          kind: 'TABLE DATA',
          schema: 'public',
          name: 'Ümläut\n"x"',
          owner: 'logi',
          section: 'data',
          definition: '',
          dependsOn: ['215', '9'],
        },
        expect.objectContaining({ kind: 'EXTENSION', schema: null, name: 'citext' }),
      ],
    })
  })

  it('asks for more bytes wherever it is cut off', () => {
    const whole = archive([USERS])
    for (let end = 0; end < whole.length; end += 1) {
      expect(new TocParser().read(whole.subarray(0, end)), `${end} bytes`).toBeUndefined()
    }
    expect(new TocParser().read(Buffer.concat([whole, Buffer.from('rows')]))?.entries).toHaveLength(1)
  })

  it('is read piece by piece, wherever the pieces end', () => {
    const whole = archive([USERS, { kind: 'TABLE', name: 'users' }, USERS])
    const expected = new TocParser().read(whole)
    for (let size = 1; size < 200; size += 7) {
      const parser = new TocParser()
      const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
        parser.read(whole.subarray(i * size, (i + 1) * size)),
      )
      expect(pieces.slice(0, -1), `${size} bytes`).toEqual(pieces.slice(0, -1).map(() => undefined))
      expect(pieces.at(-1), `${size} bytes`).toEqual(expected)
    }
  })

  it('leaves out what pg_restore handles by itself or restores with --create only', () => {
    const kinds = ['ENCODING', 'STDSTRINGS', 'SEARCHPATH', 'DATABASE', 'STATISTICS DATA', 'VIEW']
    const entries = kinds.map(kind => ({ kind, name: 'x' }))
    const ofDatabase = { kind: 'COMMENT', name: 'DATABASE logi' }
    expect(new TocParser().read(archive([...entries, ofDatabase]))?.entries.map(({ kind }) => kind)).toEqual([
      'VIEW',
    ])
  })

  it('is in the encoding that its first entry names', () => {
    const definition = "SET client_encoding = 'LATIN1';\n"
    const utf8 = archive([{ kind: 'ENCODING', name: 'ENCODING', definition }, USERS])
    const name = Buffer.from('Ümläut')
    const at = utf8.indexOf(name)
    // The same length: a, b and six letters of LATIN1.
    const latin1 = Buffer.concat([
      utf8.subarray(0, at),
      Buffer.from('abÜmläut', 'latin1'),
      utf8.subarray(at + name.length),
    ])

    expect(new TocParser().read(latin1)?.entries[0]?.name).toBe('abÜmläut\n"x"')
  })

  it('gives the settings of the database one by one', () => {
    const definition = "ALTER DATABASE logi SET a = '1';\nALTER ROLE r IN DATABASE logi SET b = '2';\n\n"
    expect(
      new TocParser().read(archive([{ kind: 'DATABASE PROPERTIES', name: 'logi', definition }])),
    ).toEqual({
      entries: [],
      databaseSettings: ["ALTER DATABASE logi SET a = '1'", "ALTER ROLE r IN DATABASE logi SET b = '2'"],
    })
  })

  it('keeps the definitions that are read, and none of the bulky ones', () => {
    const definition = 'CREATE …;'
    const entries = ['TABLE', 'INDEX', 'PUBLICATION'].map(kind => ({ kind, name: 'x', definition }))
    expect(new TocParser().read(archive(entries))?.entries.map(one => one.definition)).toEqual([
      '',
      '',
      definition,
    ])
  })

  test.each([
    ['text', Buffer.from('-- PostgreSQL database dump'), 'PGDMP'],
    ['an older format', archive([], 10), '1.10'],
    ['a newer format', archive([], 17), '1.17'],
    ['a tar archive', Buffer.from([...Buffer.from('PGDMP'), 1, 16, 0, 4, 8, 3]), 'custom format'],
    ['numbers of nine bytes', Buffer.from([...Buffer.from('PGDMP'), 1, 16, 0, 9, 8, 1]), 'odd size'],
  ])('is refused for %s', (_, bytes, why) => {
    expect(() => new TocParser().read(bytes)).toThrow(RangeError)
    expect(() => new TocParser().read(bytes)).toThrow(why)
  })
})
