import { mkdir, mkdtemp, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { expect, it } from 'vitest'
import { CLUSTER_PREFIX, removeCluster } from '../../../src/postgres/scratch/left-cluster.ts'

it('a server of thousands of tables is removed a few files at a time', async () => {
  const directory = await mkdtemp(join(tmpdir(), CLUSTER_PREFIX))
  const database = join(directory, 'data', 'base', '16384')
  await mkdir(database, { recursive: true })
  await Promise.all(Array.from({ length: 2000 }, (_, i) => writeFile(join(database, String(i)), '')))

  let isDone = false
  const removed = removeCluster(directory).finally(() => {
    isDone = true
  })
  let most = 0
  while (!isDone) {
    const underWay = process.getActiveResourcesInfo().filter(name => name.startsWith('FSReq'))
    most = Math.max(most, underWay.length)
    await new Promise(setImmediate)
  }
  await removed

  await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(500)
})
