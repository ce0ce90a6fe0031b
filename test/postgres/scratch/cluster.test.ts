import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { expect, it } from 'vitest'
import { clusterDirectory, startCluster } from '../../../src/postgres/scratch/cluster.ts'
import { sweepDeadClusters } from '../../../src/postgres/scratch/left-cluster.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { theLab } from '../../support/lab.ts'

it('a scratch server has enough locks for thousands of partitions and their indexes', async () => {
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

it('the server of a drill has no environment of the step, core files or new rights', async () => {
  const directory = await clusterDirectory(await mkdtemp(join(tmpdir(), 'pg-runbook-')))
  let pid: number | null = null
  await using _server = await startCluster({
    binDir: theLab().postgres.binDir,
    major: 18,
    directory,
    jobs: 2,
    neededBytes: 0,
    variables: { ...process.env, AWS_SECRET_ACCESS_KEY: 'secret-of-the-step', HOME: '/home/of-the-step' },
    signal: new AbortController().signal,
    remember: place => {
      pid = place.pid
    },
  })

  const [environment, limits, status] = await Promise.all(
    ['environ', 'limits', 'status'].map(file => readFile(`/proc/${pid}/${file}`, 'utf8')),
  )

  expect(environment).not.toMatch(/of-the-step/)
  expect(limits).toMatch(/Max core file size +0 /)
  expect(status).toMatch(/NoNewPrivs:\s+1/)
}, 60_000)

it('clusters of dead runs are swept, and no other directory', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  const make = async (name: string, ...files: string[]) => {
    await mkdir(join(parent, name, 'data'), { recursive: true })
    for (const file of files) await writeFile(join(parent, name, 'data', file), '1\n')
    return join(parent, name)
  }
  const dead = await make('pg-runbook-AbC123', 'postmaster.pid')
  const beingMade = await make('pg-runbook-AbC124')
  const ofOthers = await make('pg-runbook-lab-AbC125', 'postmaster.pid')

  await sweepDeadClusters(parent)

  expect([dead, beingMade, ofOthers].map(path => existsSync(path))).toEqual([false, true, true])
  await rm(parent, { recursive: true })
})
