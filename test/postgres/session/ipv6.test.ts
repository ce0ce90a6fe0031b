import { describe, expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { connectionError } from '../../../src/postgres/session/driver-error.ts'

const connection = parseConnectionUrl('postgresql://u@db.example.com/db')

function unreachable(address: string, code = 'ENETUNREACH'): Error {
  return Object.assign(new Error(`connect ${code} ${address}:5432`), { code, address })
}

describe('a host that cannot be reached', () => {
  it.each([
    ['one address', unreachable('2001:db8::1')],
    ['several addresses', new AggregateError([unreachable('2001:db8::1'), unreachable('2001:db8::2')])],
  ])('over IPv6 alone, by %s, is answered with the way out', (_, error) => {
    const { code, hint } = connectionError(error, connection)
    expect(code).toBe('DATABASE_UNREACHABLE')
    expect(hint).toMatch(/IPv6.*IPv4.*session mode/)
  })

  it('over IPv4 too is answered with host, port and firewall', () => {
    const error = new AggregateError([unreachable('2001:db8::1'), unreachable('10.0.0.1', 'ECONNREFUSED')])
    expect(connectionError(error, connection).hint).toMatch(/host and port/)
  })
})
