import { describe, expect, it, test } from 'vitest'
import * as d from '../../src/core/json/decode.ts'
import { withTls } from '../../src/render/databases.ts'
import { createDatabase } from '../support/database.ts'
import { theLab } from '../support/lab.ts'
import { openApi } from '../support/render/api.ts'
import { FakeRender, RENDER_KEY } from '../support/render/fake-render.ts'
import type { Fault } from '../support/render/faults.ts'

const lab = theLab()

const BUSY: Fault = { kind: 'answer', status: 503, body: '<html>busy</html>' }

describe('a client of Render', () => {
  it('reads an instance, its window, its exports and its connection', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const { id } = await fake.addInstance(database.name)
    const { databases } = openApi(fake)
    expect(await databases.read(id)).toMatchObject({ id, status: 'available', databaseName: database.name })
    expect(await databases.readRecovery(id)).toMatchObject({ recoveryStatus: 'AVAILABLE' })
    expect(await databases.listExports(id)).toEqual([])
    const { external } = await databases.readConnectionUrls(id)
    expect(`${external}`).toBe('***')
    expect(withTls(external.reveal())).toMatch(/\?sslmode=require$/)
  })

  it('reads an allow list that is null as an empty one', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const { id } = await fake.addInstance(database.name)
    const { databases } = openApi(fake)
    await databases.setAllowList(id, [])
    expect(fake.instances.get(id)?.ipAllowList).toBeNull()
    expect((await databases.read(id)).ipAllowList).toEqual([])
  })

  it('reads every page of a list', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    for (let i = 0; i < 103; i += 1) await fake.addInstance(database.name, { name: `db-${i}` })
    const { databases } = openApi(fake)
    expect(await databases.list()).toHaveLength(103)
    expect(await databases.list('db-7')).toHaveLength(1)
  })

  test.each([
    ['a GET that was dropped', 'GET', { kind: 'dropped' }],
    ['a GET that was lost', 'GET', { kind: 'lost' }],
    ['a GET that met a 503', 'GET', BUSY],
    ['a PATCH that was lost', 'PATCH', { kind: 'lost' }],
    ['a PATCH that met a 429', 'PATCH', { kind: 'answer', status: 429, headers: { 'Retry-After': '0' } }],
  ] as const)('repeats %s', async (_name, method, fault) => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const { id } = await fake.addInstance(database.name)
    const { databases } = openApi(fake)
    fake.faults.arm(method, /^\/postgres\/dpg-[^/]*$/, fault, 3)
    if (method === 'GET') expect((await databases.read(id)).id).toBe(id)
    else await databases.setAllowList(id, [{ cidrBlock: '10.0.0.1/32', description: 'x' }])
    expect(fake.calls.length).toBe(4)
  })

  test.each([
    ['Retry-After before Ratelimit-Reset', { 'Retry-After': '1', 'Ratelimit-Reset': '50' }, 1000, 1500],
    ['Ratelimit-Reset as seconds from now', { 'Ratelimit-Reset': '1' }, 1000, 1500],
  ])('waits after a 429 by %s', async (_name, headers, least, most) => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const { id } = await fake.addInstance(database.name)
    fake.faults.arm('GET', /./, { kind: 'answer', status: 429, headers })
    const since = performance.now()
    await openApi(fake).databases.read(id)
    expect(performance.now() - since).toBeGreaterThanOrEqual(least)
    expect(performance.now() - since).toBeLessThan(most + 1500)
  })

  it('gives up when Render asks for more time than there is patience', async () => {
    await using fake = await FakeRender.start(lab)
    const headers = { 'Retry-After': '3494' }
    fake.faults.arm('GET', /./, { kind: 'answer', status: 429, headers }, 9)
    const failure = openApi(fake).databases.read('dpg-aaaaaaaa-a')
    await expect(failure).rejects.toMatchObject({ code: 'RENDER_FAILED', message: /HTTP 429/ })
    expect(fake.calls).toHaveLength(1)
  })

  it('names operation, id, status, request id and the next thing to do', async () => {
    await using fake = await FakeRender.start(lab)
    const failure = openApi(fake).databases.read('dpg-aaaaaaaa-a')
    await expect(failure).rejects.toMatchObject({
      code: 'RENDER_NOT_FOUND',
      message:
        'Render did not read the database dpg-aaaaaaaa-a: HTTP 404, not found: dpg-aaaaaaaa-a, Render-Request-Id req-1.',
      hint: /Check the id/,
    })
  })

  test.each([
    [401, 'RENDER_DENIED'],
    [402, 'RENDER_REFUSED'],
    [403, 'RENDER_DENIED'],
    [409, 'RENDER_REFUSED'],
    [410, 'RENDER_NOT_FOUND'],
    [302, 'RENDER_REFUSED'],
  ])('does not repeat a %i, which is %s', async (status, code) => {
    await using fake = await FakeRender.start(lab)
    fake.faults.arm('GET', /./, { kind: 'answer', status, body: '' })
    await expect(openApi(fake).databases.read('dpg-aaaaaaaa-a')).rejects.toMatchObject({ code })
    expect(fake.calls).toHaveLength(1)
  })

  test.each([
    ['a page', '<html></html>', 'the body is not JSON'],
    ['nothing', '', 'the body is empty'],
    ['an object of another kind', '{"id": 3}', 'id: expected'],
  ])('says so when a good answer has %s', async (_name, body, why) => {
    await using fake = await FakeRender.start(lab)
    fake.faults.arm('GET', /./, { kind: 'answer', status: 200, body })
    const failure = openApi(fake).databases.read('dpg-aaaaaaaa-a')
    await expect(failure).rejects.toMatchObject({
      code: 'RENDER_FAILED',
      message: expect.stringContaining(why),
    })
  })

  it('says that a host cannot be reached, and shows no key', async () => {
    const { client, lines } = openApi({ url: 'http://127.0.0.1:1/v1' })
    const request = { method: 'GET', path: '/x', what: 'read x' } as const
    const failure = await client.read(request, d.object({ id: d.string })).catch(error => error)
    expect(failure).toMatchObject({ code: 'RENDER_UNREACHABLE', message: /ECONNREFUSED/ })
    expect(`${failure.message} ${lines.join(' ')}`).not.toContain(RENDER_KEY)
  })
})

describe('a POST', () => {
  async function recovering(fake: FakeRender, database: string) {
    const source = await fake.addInstance(database)
    await fake.copies.keep(source, new Date(Date.now() - 3_600_000))
    const { databases } = openApi(fake)
    const request = {
      ...{ sourceId: source.id, pointInTime: new Date(Date.now() - 1_800_000), name: 'copy' },
      ...{ plan: undefined, environmentId: undefined },
      findMade: async () => (await databases.list('copy'))[0],
    }
    const posts = () => fake.calls.filter(({ method }) => method === 'POST').length
    return { start: () => databases.startRecovery(request), posts }
  }

  it('whose answer was lost is not repeated: what it made is adopted', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const { start, posts } = await recovering(fake, database.name)
    fake.faults.arm('POST', /recovery$/, { kind: 'lost' })
    expect(await start()).toMatchObject({ name: 'copy' })
    expect(posts()).toBe(1)
    expect(fake.instances.size).toBe(2)
  })

  it('without an effect to be seen ends with RENDER_UNKNOWN, and is not repeated', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const { start, posts } = await recovering(fake, database.name)
    fake.faults.arm('POST', /recovery$/, { kind: 'dropped' })
    await expect(start()).rejects.toMatchObject({ code: 'RENDER_UNKNOWN' })
    expect(posts()).toBe(1)
  })

  it('that the rate limit refused is repeated', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const { start, posts } = await recovering(fake, database.name)
    const headers = { 'Retry-After': '0' }
    fake.faults.arm('POST', /recovery$/, { kind: 'answer', status: 429, headers })
    expect(await start()).toMatchObject({ name: 'copy', status: 'unknown' })
    expect(posts()).toBe(2)
    expect(fake.instances.size).toBe(2)
  })
})
