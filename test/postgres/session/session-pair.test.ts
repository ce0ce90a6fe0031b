import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Connection, parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { Secret } from '../../../src/core/secret.ts'
import { openSessionPair } from '../../../src/postgres/session/session-pair.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { theLab } from '../../support/lab.ts'
import { countTurns } from '../../support/turns.ts'

describe('two sessions side by side', () => {
  const lab = theLab()
  const signal = AbortSignal.timeout(60_000)

  /** Without TLS every round trip is one of the protocol. */
  const through = ({ url }: Pick<TestDatabase, 'url'>, port: number): Connection => ({
    ...parseConnectionUrl(url),
    port,
    sslMode: 'disable',
  })

  it('are two, of which the second has its own settings', async () => {
    await using database = await createDatabase(lab)
    await using pair = await openSessionPair(parseConnectionUrl(database.url), signal, {
      lock_timeout: '5000',
    })
    const second = await pair.second()
    expect(second.pid).not.toBe(pair.first.pid)
    expect(await pair.first.row('SHOW lock_timeout')).toEqual({ lock_timeout: '0' })
    expect(await second.row('SHOW lock_timeout')).toEqual({ lock_timeout: '5s' })
  })

  it('try a wrong password once', async () => {
    await using database = await createDatabase(lab)
    await using counter = await countTurns(lab.postgres.host, lab.postgres.port)
    const connection = { ...through(database, counter.port), password: new Secret('wrong-password') }
    await expect(openSessionPair(connection, signal, {})).rejects.toMatchObject({ code: 'DATABASE_AUTH' })
    // The first one's greeting, nonce and proof; the second one's greeting.
    expect(counter.turns).toBe(4)
  })

  it('come about when the second fails at first', async () => {
    await using database = await createDatabase(lab)
    await using proxy = await FaultProxy.start({ port: lab.postgres.port })
    proxy.delayMs = 50
    const opening = openSessionPair(through(database, proxy.port), signal, {})
    while (proxy.connections < 2) await sleep(1)
    proxy.resetNewest()
    await using pair = await opening
    expect(await (await pair.second()).row('SELECT 1 AS one')).toEqual({ one: '1' })
    expect(proxy.connections).toBe(3)
  })

  it('leave nothing behind where the second was not wanted', async () => {
    await using database = await createDatabase(lab)
    {
      await using _pair = await openSessionPair(parseConnectionUrl(database.url), signal, {})
    }
    const left = 'SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'
    await expect.poll(() => database.query(left)).toEqual([])
  })
})
