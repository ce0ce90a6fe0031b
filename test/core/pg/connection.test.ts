import fc from 'fast-check'
import { Client } from 'pg'
import { describe, expect, it, test } from 'vitest'
import {
  connectionFromVariables,
  connectionUrl,
  libpqVariables,
  parseConnectionUrl,
  passfileLine,
  renderConnection,
} from '../../../src/core/pg/connection.ts'

/**
 * Text that PostgreSQL can store: no NUL, no lone surrogates; and no line break, which a passfile cannot
 * hold.
 */
const word = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter(text => !/[\0\r\n]/.test(text))

/** RFC 3986: everything but letters and digits. */
function encode(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map(byte => {
      const c = String.fromCharCode(byte)
      return /[A-Za-z0-9]/.test(c) ? c : `%${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
}

describe('a connection URL', () => {
  it('gives back what was percent-encoded into it, as pg reads it too', () => {
    fc.assert(
      fc.property(
        word,
        word,
        word,
        fc.constantFrom(encode, encodeURIComponent),
        (user, password, name, by) => {
          const url = `postgresql://${by(user)}:${by(password)}@db.example.com:5433/${by(name)}`
          const connection = parseConnectionUrl(url)
          expect(connection).toMatchObject({ user, database: name, host: 'db.example.com', port: 5433 })
          expect(connection.password?.reveal()).toBe(password)
          const pg = new Client({ connectionString: url })
          // pg leaves %23 and the like in the database's name, where libpq decodes them.
          expect([pg.user, pg.password]).toEqual([user, password])
        },
      ),
    )
  })

  it('takes the special characters that libpq takes as they are', () => {
    const password = '!$&\'()*+,;=:@"<>^`{|}~\\é漢%20'
    const raw = password.replace('%20', '%2520')
    const connection = parseConnectionUrl(`postgresql://us:${raw}@h/db`)
    expect(connection.password?.reveal()).toBe(password)
  })

  test.each([
    ['postgres://u@h/db', { host: 'h', port: 5432, password: undefined, sslMode: 'prefer' }],
    ['postgresql://u:@h/db', { password: undefined }],
    ['postgresql://u@[2001:db8::1]:6000/db', { host: '2001:db8::1', port: 6000 }],
    ['postgresql://u@%2Fvar%2Frun%2Fpostgresql/db', { host: '/var/run/postgresql' }],
    ['postgresql://u@h/..', { database: '..' }],
    ['postgresql:///db?host=/tmp&user=u', { host: '/tmp', user: 'u' }],
    [
      'postgresql://u:p@w@/db?host=/cloudsql/a:b:c',
      { host: '/cloudsql/a:b:c', port: 5432, user: 'u', database: 'db' },
    ],
    ['postgresql://u@:5433/db?host=/tmp', { host: '/tmp', port: 5433, user: 'u', database: 'db' }],
    ['postgresql://:5433/db?host=h&user=u', { host: 'h', port: 5433, user: 'u', database: 'db' }],
    ['postgresql://h/?dbname=a%26b&user=u', { database: 'a&b' }],
    ['postgresql://u@h/db?options=-c%20search_path%3Da%2Bb', { options: '-c search_path=a+b' }],
    ['postgresql://u@h/db?application_name=x&connect_timeout=5', { connectTimeoutSeconds: 5 }],
    ['postgresql://u@h/db?sslmode=verify-full', { sslMode: 'verify-full', sslRootCert: 'system' }],
    ['postgresql://u@h/db?sslrootcert=system', { sslMode: 'verify-full', sslRootCert: 'system' }],
    ['postgresql://u@h/db?sslrootcert=/ca.pem', { sslMode: 'prefer', sslRootCert: '/ca.pem' }],
    ['postgresql://u@h/db?ssl=true', { sslMode: 'require' }],
  ] as const)('%s', (url, expected) => {
    expect(parseConnectionUrl(url)).toMatchObject(expected)
  })

  test.each([
    ['mysql://u@h/db', /expected postgresql:/],
    ['postgresql://h:5432/db', /lacks the user$/],
    ['postgresql://u@h', /lacks the database$/],
    ['postgresql://u:hunter2@/db', /lacks the host$/],
    ['postgresql://u:hunter2 @h/db', /spaces/],
    ['postgresql://u:hunter2%zz@h/db', /two hex digits/],
    ['postgresql://u:hunter2%0A@h/db', /line break/],
    ['postgresql://u:hunter2@h1,h2/db', /several hosts/],
    ['postgresql://u:hunter2@h/db?host=h1,h2', /several hosts/],
    ['postgresql://u:hunter2@h1%2Ch2/db', /several hosts/],
    ['postgresql://u:hunter2/x@h/db', /percent-encode/],
    ['postgresql://u:123#hunter2@h/db', /a #, .*%23/],
    ['postgresql://u:hunter2@h/db#x', /a #, .*%23/],
    ['postgresql://u:hunter2@h:0/db', /port is "0"/],
    ['postgresql://u:hunter2@h/db?port=5432x', /port is "5432x"/],
    ['postgresql://u:hunter2@h/db?sslmode=on', /sslmode is "on"; expected disable/],
    ['postgresql://u:hunter2@h/db?nonsense=true', /"nonsense".*accepted: host/],
    ['postgresql://u:hunter2@h/db?channel_binding=yes', /channel_binding is "yes"/],
    ['postgresql://u:hunter2@h/db?sslmode=require&sslrootcert=system', /verify-full/],
    ['postgresql://u:hunter2@h/db?sslmode=verify-ca', /sslrootcert=<file>/],
  ])('%s is refused, and the password not told', (url, message) => {
    const parse = () => parseConnectionUrl(url)
    expect(parse).toThrow(RangeError)
    expect(parse).toThrow(message)
    expect(parse).not.toThrow(/hunter2/)
  })

  it.each([
    'postgresql://u:p%2F@h:5433/d?sslmode=require&options=-c%20search_path%3Dtenant%2Cx&channel_binding=require',
    'postgresql://u@[::1]/d?sslmode=verify-full&sslrootcert=/my%20ca.pem&sslcert=/c.pem&sslkey=/k.pem',
    'postgresql:///d?host=/var/run&port=5433&user=u&password=%2B',
  ])('is handed on to programs with all that it says: %s', url => {
    const connection = parseConnectionUrl(url)
    const again = parseConnectionUrl(connectionUrl(connection).reveal())
    expect(again).toEqual(connection)
    expect(again.password?.reveal()).toBe(connection.password?.reveal())
  })

  it('never tells the password in an error', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), garbage => {
        try {
          parseConnectionUrl(`postgresql://user:topsecret${garbage}`)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
          expect(String(error)).not.toContain('topsecret')
        }
      }),
    )
  })
})

describe('the PG* variables', () => {
  it('mean what the URL means', () => {
    const fromUrl = parseConnectionUrl(
      'postgresql://u:p@h:5433/d?sslmode=verify-ca&sslrootcert=/ca&options=-c%20a.b=1',
    )
    const variables = libpqVariables(fromUrl, '/passfile')
    const again = connectionFromVariables({ ...variables, PGPASSWORD: 'p' })
    expect(again).toEqual(fromUrl)
    expect(variables).not.toHaveProperty('PGPASSWORD')
    expect(Object.values(variables).join()).not.toContain(fromUrl.password?.reveal() === 'p' ? ':p@' : '')
  })

  it('name what is missing', () => {
    expect(() => connectionFromVariables({ PGHOST: 'h', PGUSER: '' })).toThrow(
      'the PG* environment lacks the user, the database',
    )
  })
})

describe('a connection in text', () => {
  it('has no password, and brackets around an IPv6 address', () => {
    const connection = parseConnectionUrl('postgresql://u:hunter2@[::1]:1/d')
    expect(renderConnection(connection)).toBe('u@[::1]:1/d')
    expect(JSON.stringify(connection)).not.toContain('hunter2')
  })

  it('has one line in a passfile, which parses back', () => {
    fc.assert(
      fc.property(word, password => {
        const line = passfileLine(parseConnectionUrl(`postgresql://u:${encode(password)}@h/d`))
        expect(line.endsWith('\n')).toBe(true)
        // libpq: fields are parted by colons; a backslash makes the next character an ordinary one.
        const fields = [...line.slice(0, -1).matchAll(/((?:\\.|[^\\:])*)(?::|$)/gsu)].map(
          match => match[1] ?? '',
        )
        expect(fields[4]?.replace(/\\(.)/gsu, '$1')).toBe(password)
      }),
    )
  })

  it.each([
    [{ PGSERVICE: 'logi' }, 'PGSERVICE'],
    [{ PGHOSTADDR: '10.0.0.1' }, 'PGHOSTADDR'],
    [{ PGPASSFILE: '/home/x/.pgpass', PGPASSWORD: undefined }, 'PGPASSFILE'],
  ])('refuses what it would have to pass over: %j', (more, named) => {
    const variables = { PGHOST: 'h', PGUSER: 'u', PGDATABASE: 'd', PGPASSWORD: 'p' }
    expect(() => connectionFromVariables({ ...variables, ...more })).toThrow(
      `${named} is set, which is not read here`,
    )
    expect(connectionFromVariables({ ...variables, PGPASSFILE: '/home/x/.pgpass' }).host).toBe('h')
  })
})
