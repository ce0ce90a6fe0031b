import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPgBouncer } from '../../../lab/pgbouncer.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase, type TestDatabase, withClient } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const lab = theLab()
let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase(lab)
})
afterAll(() => database.drop())

/** The address of the database through a pooler. */
async function pooled(options: Parameters<typeof startPgBouncer>[1]): Promise<string> {
  const url = new URL(database.url)
  url.port = String(await startPgBouncer(lab, options))
  return url.href
}

describe('a session through a pooler', () => {
  it('in transaction mode is known as shared, and leaves the timeouts of others alone', async () => {
    await database.query(`ALTER DATABASE ${database.name} SET statement_timeout = '12345ms'`)
    const url = await pooled({ mode: 'transaction' })
    {
      await using session = await openSession(parseConnectionUrl(url))
      expect(session.isShared).toBe(true)
    }
    // The next client gets one of the connections that we had.
    await withClient(url, async other => {
      for (let i = 0; i < 3; i += 1) {
        const { rows } = await other.query('SHOW statement_timeout')
        expect(rows).toEqual([{ statement_timeout: '12345ms' }])
      }
    })
  })

  it('in transaction mode with a single connection does not hang', async () => {
    const url = await pooled({ mode: 'transaction', size: 1 })
    const startedAt = performance.now()
    await using session = await openSession(parseConnectionUrl(url))
    expect(session.isShared).toBe(true)
    expect(performance.now() - startedAt).toBeLessThan(12_000)
  })

  it('in session mode is our own, without timeouts', async () => {
    await database.query(`ALTER DATABASE ${database.name} SET statement_timeout = '12345ms'`)
    const url = await pooled({ mode: 'session' })
    await using session = await openSession(parseConnectionUrl(url))
    expect(session.isShared).toBe(false)
    expect(await session.row('SHOW statement_timeout')).toEqual({ statement_timeout: '0' })
  })
})
