import { describe, expect, it } from 'vitest'
import {
  isSetting,
  refuseSeveralHosts,
  type Settings,
  toConnection,
} from '../../../src/core/pg/connection-settings.ts'

const MINIMUM: Settings = { host: 'db.example', user: 'app', dbname: 'logi' }
const connect = (more: Settings) => toConnection({ ...MINIMUM, ...more }, 'database-url')

describe('a connection', () => {
  it('has the defaults of libpq, and a limit on connecting', () => {
    expect(connect({})).toEqual({
      host: 'db.example',
      port: 5432,
      user: 'app',
      password: undefined,
      database: 'logi',
      sslMode: 'prefer',
      sslRootCert: undefined,
      sslCert: undefined,
      sslKey: undefined,
      channelBinding: undefined,
      options: undefined,
      connectTimeoutSeconds: 30,
    })
  })

  it('cannot be changed, and does not show its password', () => {
    const connection = connect({ password: 'hunter2' })
    expect(Object.isFrozen(connection)).toBe(true)
    expect(JSON.stringify(connection)).not.toContain('hunter2')
    expect(connection.password?.reveal()).toBe('hunter2')
  })

  it.each([
    [{}, 'the host, the user, the database'],
    [{ host: 'h', user: '', dbname: 'd' }, 'the user'],
    [{ host: 'h', user: 'u' }, 'the database'],
  ])('of %j names everything that is missing', (settings, missing) => {
    expect(() => toConnection(settings, 'PGHOST and so on')).toThrow(
      new RangeError(`PGHOST and so on lacks ${missing}`),
    )
  })

  it.each(['\n', '\r', '\0'])('refuses a password with %j without showing it', odd => {
    const refuse = () => connect({ password: `hunter2${odd}` })
    expect(refuse).toThrow('the password has a line break, which PostgreSQL cannot take from a passfile')
    expect(refuse).not.toThrow('hunter2')
  })

  it.each([
    ['port', '0', 'from 1 to 65535'],
    ['port', '65536', 'from 1 to 65535'],
    ['port', '', 'from 1 to 65535'],
    ['port', '5432 ', 'from 1 to 65535'],
    ['port', '1e3', 'from 1 to 65535'],
    ['connect_timeout', '-1', 'from 0 to 3600'],
    ['connect_timeout', '3601', 'from 0 to 3600'],
    ['connect_timeout', '1.5', 'from 0 to 3600'],
  ] as const)('refuses %s=%j', (name, value, range) => {
    expect(() => connect({ [name]: value })).toThrow(
      new RangeError(`${name} is "${value}"; expected a whole number ${range}`),
    )
  })

  it.each([
    ['sslmode', 'on', 'disable, allow, prefer, require, verify-ca, verify-full'],
    ['channel_binding', 'on', 'disable, prefer, require'],
  ] as const)('refuses %s=%j and lists what there is', (name, value, known) => {
    expect(() => connect({ [name]: value })).toThrow(
      new RangeError(`${name} is "${value}"; expected ${known}`),
    )
  })
})

describe('the roots that a connection verifies with', () => {
  it.each<[Settings, string, string | undefined]>([
    [{}, 'prefer', undefined],
    [{ sslmode: 'require' }, 'require', undefined],
    [{ sslmode: 'verify-full' }, 'verify-full', 'system'],
    [{ sslrootcert: 'system' }, 'verify-full', 'system'],
    [{ sslmode: 'verify-ca', sslrootcert: '/ca.pem' }, 'verify-ca', '/ca.pem'],
    [{ sslmode: 'verify-full', sslrootcert: '/ca.pem' }, 'verify-full', '/ca.pem'],
  ])('of %j', (settings, sslMode, sslRootCert) => {
    expect(connect(settings)).toMatchObject({ sslMode, sslRootCert })
  })

  it.each<[Settings, string]>([
    [{ sslrootcert: 'system', sslmode: 'require' }, 'goes with sslmode=verify-full only, not with require'],
    [{ sslmode: 'verify-ca' }, 'sslmode=verify-ca needs sslrootcert=<file>'],
  ])('are refused for %j', (settings, message) => {
    expect(() => connect(settings)).toThrow(message)
  })
})

it.each([
  ['sslmode', true],
  ['PGSSLMODE', false],
  ['constructor', false],
  ['', false],
])('%j is a setting: %s', (name, expected) => {
  expect(isSetting(name)).toBe(expected)
})

it('refuses several hosts, of which libpq would choose one', () => {
  expect(() => refuseSeveralHosts('h1,h2', 'live-url')).toThrow(
    new RangeError('live-url names several hosts; name the one to connect to'),
  )
  expect(() => connect({ host: 'h1,h2' })).toThrow('names several hosts')
  expect(() => refuseSeveralHosts('', 'live-url')).not.toThrow()
})
