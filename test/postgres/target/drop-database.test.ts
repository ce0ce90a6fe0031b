import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Connection, withDatabase } from '../../../src/core/pg/connection.ts'
import { dropScratchDatabase, renderScratchDrop } from '../../../src/postgres/scratch/database.ts'
import { openSession, type Session } from '../../../src/postgres/session/session.ts'
import { dropUnfinishedDatabase } from '../../../src/postgres/target/new-database.ts'
import { theLab } from '../../support/lab.ts'
import { type OwnServer, startOwnServer } from '../../support/own-server.ts'

/** So that a vacuum begins at once and takes a while. */
const BUSY = {
  autovacuum_naptime: '1s',
  autovacuum_max_workers: '5',
  autovacuum_vacuum_cost_delay: '100ms',
  autovacuum_vacuum_cost_limit: '1',
}

const NONCE = 'feedc0de'
const DRILLS = ['pg_runbook_drill_0123456789ab', 'pg_runbook_drill_cdef01234567'] as const

/** A copy of data that autovacuum has work with. */
async function makeCopy(server: OwnServer, maker: Connection, name: string, comment: string): Promise<void> {
  await using session = await openSession(maker)
  await session.rows(`CREATE DATABASE ${name}`)
  await session.rows(`COMMENT ON DATABASE ${name} IS '${comment}'`)
  await using inside = await openSession(withDatabase(server.connection, name))
  await inside.rows('CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 50000) AS i')
  await inside.rows('DELETE FROM t')
}

async function untilVacuumed(session: Session, name: string): Promise<void> {
  for (;;) {
    const workers = await session.rows(
      "SELECT FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'autovacuum worker'",
      [name],
    )
    if (workers.length > 0) return
    await sleep(20)
  }
}

describe('a database that autovacuum works in', () => {
  it('is dropped by main, post and the printed remedy, by a role that is no superuser', async () => {
    await using server = await startOwnServer(theLab().postgres.binDir, BUSY)
    await using admin = await openSession(server.connection)
    await admin.rows('CREATE ROLE maker LOGIN CREATEDB')
    const maker = { ...server.connection, user: 'maker' }
    await makeCopy(server, maker, 'restored', `pg-runbook: restore in progress ${NONCE}, backup b`)
    for (const name of DRILLS) await makeCopy(server, maker, name, 'a drill')
    await using session = await openSession(maker)
    const there = async () =>
      (await admin.rows<{ datname: string }>('SELECT datname FROM pg_database WHERE oid > 16383')).length
    expect(await there()).toBe(3)

    await untilVacuumed(admin, 'restored')
    await expect(session.rows('DROP DATABASE restored WITH (FORCE)')).rejects.toMatchObject({
      facts: { sqlState: '42501' },
    })
    expect(await dropUnfinishedDatabase(maker, 'restored', NONCE)).toBe('dropped')

    await untilVacuumed(admin, DRILLS[0])
    await dropScratchDatabase(maker, DRILLS[0])

    await untilVacuumed(admin, DRILLS[1])
    const [remedy = ''] = renderScratchDrop(DRILLS[1]).split(' As a superuser')
    await session.rows(remedy)
    expect(await there()).toBe(0)
  }, 60_000)
})
