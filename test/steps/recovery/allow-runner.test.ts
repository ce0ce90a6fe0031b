import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { parseMark, renderMark } from '../../../src/core/render/allow-list.ts'
import {
  type AccessDeps,
  awaitConnection,
  closeAllowList,
  openAllowList,
} from '../../../src/steps/recovery/allow-runner.ts'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { openApi } from '../../support/render/api.ts'
import { FakeRender } from '../../support/render/fake-render.ts'
import type { Instance } from '../../support/render/instance.ts'

const lab = theLab()
const OVERLAPS = 200
const DELAY_MS = 15
const FOREIGN = [
  { cidrBlock: '198.51.100.0/24', description: 'office' },
  { cidrBlock: '203.0.113.9/32', description: '' },
]

function depsOf(fake: FakeRender, settleMs = 5 * DELAY_MS): AccessDeps {
  const { databases, log, signal } = openApi(fake)
  const pace = { settleMs, intervalMs: 10, connectTimeoutMs: 300 }
  return { databases, log, signal, now: () => new Date(), pace }
}

function requestOf(instance: Instance, runId: string, minutes = 60) {
  const expiresAt = new Date(Date.now() + minutes * 60_000)
  const description = renderMark({ runId, runAttempt: '1', nonce: '1a2b3c4d', expiresAt })
  return { instanceId: instance.id, entry: { cidrBlock: '127.0.0.1/32', description } }
}

describe('an allow list', () => {
  it('loses no entry of others and keeps none of ours when two runs overlap 200 times', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab, { delayMs: () => Math.random() * DELAY_MS })
    const deps = depsOf(fake)
    const run = async (instance: Instance, runId: string) => {
      const request = requestOf(instance, runId)
      await sleep(Math.random() * 4 * DELAY_MS)
      await openAllowList(request, deps)
      await sleep(Math.random() * 4 * DELAY_MS)
      await closeAllowList(request, deps)
    }
    const overlap = async () => {
      const instance = await fake.addInstance(database.name)
      fake.setAllowList(instance, FOREIGN)
      await Promise.all([run(instance, '1'), run(instance, '2')])
      return instance.ipAllowList
    }
    const left: unknown[] = []
    for (let round = 0; round < OVERLAPS / 20; round += 1)
      left.push(...(await Promise.all(Array.from({ length: 20 }, overlap))))
    expect(left.filter(list => JSON.stringify(list) !== JSON.stringify(FOREIGN))).toEqual([])
    expect(left).toHaveLength(OVERLAPS)
  })

  it('is swept of expired entries of dead runs, and of nothing else', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const instance = await fake.addInstance(database.name)
    const [dead, alive] = [requestOf(instance, '7', -30).entry, requestOf(instance, '8').entry]
    fake.setAllowList(instance, [...FOREIGN, dead, alive])
    const request = requestOf(instance, '9')
    await openAllowList(request, depsOf(fake, 1))
    expect(instance.ipAllowList).toEqual([...FOREIGN, alive, request.entry])
    expect(parseMark(request.entry.description)?.runId).toBe('9')
  })

  it('is written again when another run overwrote it', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const instance = await fake.addInstance(database.name)
    fake.setAllowList(instance, FOREIGN)
    fake.onCall = (_, { method }) => {
      if (method === 'PATCH' && fake.changes.length === 1) fake.setAllowList(instance, FOREIGN)
    }
    await openAllowList(requestOf(instance, '9'), depsOf(fake, 1))
    expect(instance.ipAllowList).toHaveLength(3)
    expect(fake.changes).toHaveLength(2)
  })

  it('that is empty afterwards is null at Render, and closed', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const instance = await fake.addInstance(database.name)
    fake.setAllowList(instance, [])
    const request = requestOf(instance, '9')
    await openAllowList(request, depsOf(fake, 1))
    await closeAllowList(request, depsOf(fake, 1))
    expect(instance.ipAllowList).toBeNull()
  })

  it('that never lets a connection in is ACCESS_FAILED, with the address to set', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const instance = await fake.addInstance(database.name)
    fake.setAllowList(instance, FOREIGN)
    const refused = () => Promise.reject(new Error('ECONNRESET'))
    await expect(awaitConnection(requestOf(instance, '9'), refused, depsOf(fake))).rejects.toMatchObject({
      code: 'ACCESS_FAILED',
      hint: /runner-address/,
    })
  })
})
