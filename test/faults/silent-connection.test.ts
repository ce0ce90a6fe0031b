import { describe, expect, it } from 'vitest'
import { parseConnectionUrl } from '../../src/core/pg/connection.ts'
import { openSource } from '../../src/postgres/source/source.ts'
import { createDatabase } from '../support/database.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { theLab } from '../support/lab.ts'

const EVERYTHING = { tables: [], excludeTables: [], schemas: [] }

describe('the connection that holds the snapshot', () => {
  const lab = theLab()

  it('that is gone ends the dump at once', async () => {
    await using database = await createDatabase(lab, 'CREATE TABLE t (id serial)')
    await using proxy = await FaultProxy.start({ port: lab.postgres.port })
    const connection = { ...parseConnectionUrl(database.url), port: proxy.port }
    await using source = await openSource(connection, new AbortController().signal)
    await using snapshot = await source.holdSnapshot(EVERYTHING, 60_000)
    const startedAt = performance.now()

    proxy.resetAll()

    await expect(snapshot.alarm).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    expect(performance.now() - startedAt).toBeLessThan(3000)
  })
})
