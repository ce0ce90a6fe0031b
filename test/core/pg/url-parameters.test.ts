import { describe, expect, it } from 'vitest'
import { connectionFromVariables, parseConnectionUrl } from '../../../src/core/pg/connection.ts'

const URL_ = 'postgresql://u:pw-of-mine@h/db'
const PLAIN = JSON.stringify(parseConnectionUrl(URL_))

describe('a parameter of a URL', () => {
  it.each([
    'target_session_attrs=any',
    'keepalives=1',
    'keepalives_idle=30',
    'tcp_user_timeout=30000',
    'sslnegotiation=postgres',
    'client_encoding=UTF8',
    'sslsni=1',
    'load_balance_hosts=disable',
    'gssencmode=disable',
    'schema=public',
    'connection_limit=5',
    'pgbouncer=true',
    'uselibpqcompat=true',
  ])('that changes nothing here is dropped: %s', parameter => {
    expect(JSON.stringify(parseConnectionUrl(`${URL_}?${parameter}`))).toBe(PLAIN)
  })

  it.each([
    'require_auth=scram-sha-256',
    'ssl_min_protocol_version=TLSv1.3',
    'sslcertmode=require',
    'requirepeer=postgres',
    'passfile=%2Fx',
    'service=x',
    'hostaddr=10.0.0.1',
    'gssencmode=require',
    'sslaccept=strict',
    'search_path=mine',
    'nonsense=1',
  ])('that may not be ignored is refused by its name, without the password: %s', parameter => {
    const parse = () => parseConnectionUrl(`${URL_}?${parameter}`)
    expect(parse).toThrow(RangeError)
    expect(parse).toThrow(`"${parameter.split('=')[0]}"`)
    expect(parse).not.toThrow('pw-of-mine')
  })
})

it('a line end behind the value of a PG* variable is dropped', () => {
  const variables = { PGHOST: 'h\n', PGUSER: 'u\r\n', PGPASSWORD: 'pw\n', PGDATABASE: 'db' }
  const connection = connectionFromVariables(variables)
  expect(connection).toMatchObject({ host: 'h', user: 'u', database: 'db' })
  expect(connection.password?.reveal()).toBe('pw')
})
