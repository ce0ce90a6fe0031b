import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { expect, it } from 'vitest'
import { clusterDirectory, startCluster } from '../../../src/postgres/scratch/cluster.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { theLab } from '../../support/lab.ts'

it('a scratch server has room for the locks of a table with thousands of partitions and their indexes', async () => {
  const directory = await clusterDirectory(await mkdtemp(join(tmpdir(), 'pg-runbook-')))
  await using server = await startCluster({
    binDir: theLab().postgres.binDir,
    major: 18,
    directory,
    jobs: 2,
    neededBytes: 0,
    variables: process.env,
    signal: new AbortController().signal,
    remember: () => undefined,
  })
  await using session = await openSession(server.connection)

  // A query of a partitioned table locks every partition and every index of it; these lie in the same place.
  const { locks } = await session.row<{ locks: string }>(
    'SELECT count(pg_advisory_lock(n)::text)::text AS locks FROM generate_series(1, 100000) AS n',
  )

  expect(locks).toBe('100000')
}, 60_000)
