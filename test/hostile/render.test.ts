import { describe, expect, it } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { expectContract } from '../support/hostile/contract.ts'
import { HOSTILE_MESSAGE, HOSTILE_TEXTS, MARK } from '../support/hostile/texts.ts'
import { theLab } from '../support/lab.ts'
import { FakeRender, RENDER_KEY } from '../support/render/fake-render.ts'
import { loseUsers } from '../support/render/recovery.ts'
import { openShop } from '../support/render/shop.ts'
import { runAction } from '../support/runner.ts'

const lab = theLab()

async function openStatus() {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await createDatabase(lab))
  const fake = stack.use(await FakeRender.start(lab))
  const instance = await fake.addInstance(database.name)
  const inputs = { 'api-key': RENDER_KEY, 'instance-id': instance.id }
  const status = (more: Record<string, string> = {}) =>
    runAction('render-status', { inputs: { ...inputs, ...more }, env: fake.env, secrets: [RENDER_KEY] })
  return { fake, instance, inputs, status, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const entries = HOSTILE_TEXTS.map(description => ({ cidrBlock: '198.51.100.0/24', description }))

describe('with hostile names at Render', () => {
  it('render-status shows them, and obeys none', async () => {
    await using given = await openStatus()
    const { fake, instance } = given
    Object.assign(instance, { name: HOSTILE_MESSAGE, plan: HOSTILE_MESSAGE, ipAllowList: entries })
    Object.assign(instance, { status: HOSTILE_MESSAGE, recoveryStatus: HOSTILE_MESSAGE })
    instance.exports.push({ id: HOSTILE_MESSAGE, createdAt: HOSTILE_MESSAGE, url: HOSTILE_MESSAGE })
    await fake.addInstance(instance.database, { name: `pg-runbook-recovery-${HOSTILE_MESSAGE}` })

    const run = await given.status({ 'fail-on': 'not-available' })

    expectContract('render-status', run, 'RENDER_NOT_READY')
    expect(run.log + run.summary).toContain(MARK)
  })

  it('render-access keeps hostile entries of others, and obeys none', async () => {
    await using given = await openStatus()
    const { fake, instance, inputs } = given
    fake.setAllowList(instance, entries)
    const access = { ...inputs, 'runner-address': '127.0.0.1' }
    const run = await runAction('render-access', { inputs: access, env: fake.env, secrets: [RENDER_KEY] })
    expectContract('render-access', run)
    expect(instance.ipAllowList).toHaveLength(entries.length + 1)
    const post = { inputs: access, env: fake.env, secrets: [RENDER_KEY], phase: 'post', after: run } as const
    expectContract('render-access', await runAction('render-access', post))
    expect(instance.ipAllowList).toEqual(entries)
  })

  it('render-recover recovers what has one, and obeys none', async () => {
    await using lost = await loseUsers(lab)
    Object.assign(lost.source, { name: HOSTILE_MESSAGE })
    lost.fake.setAllowList(lost.source, entries)
    const run = await lost.recover()
    expect(run.exitCode, run.log).toBe(0)
    expectContract('render-recover', { ...run, env: {} })
    expect(run.log.split(MARK).length + run.summary.split(MARK).length).toBeGreaterThan(2)
  })

  it('render-cutover plans and moves services that have one, and obeys none', async () => {
    await using shop = await openShop(lab)
    Object.assign(shop.lost.source, { name: HOSTILE_MESSAGE })
    for (const named of [shop.web, shop.worker, shop.cron, shop.group])
      Object.assign(named, { name: HOSTILE_MESSAGE })
    const changes = { confirm: HOSTILE_MESSAGE }
    expectContract('render-cutover', await shop.cutOver({ ...changes, 'dry-run': 'true' }))
    const run = await shop.cutOver(changes)
    expectContract('render-cutover', run)
    expect(run.outputs.state).toBe('done')
    expect(run.summary).toContain(MARK)
  })
})

describe('with hostile answers of Render', () => {
  const json = (value: unknown) => JSON.stringify(value)

  it.each<[string, number, string, string]>([
    ['a hostile message', 400, json({ message: HOSTILE_MESSAGE }), 'RENDER_REFUSED'],
    ['a message that is no text', 403, json({ message: { text: HOSTILE_MESSAGE } }), 'RENDER_DENIED'],
    ['a page instead of JSON', 404, HOSTILE_MESSAGE, 'RENDER_NOT_FOUND'],
    ['a list instead of a database', 200, json([HOSTILE_TEXTS]), 'RENDER_FAILED'],
    ['null', 200, 'null', 'RENDER_FAILED'],
    ['fields of other types', 200, json({ id: 7, name: [HOSTILE_MESSAGE], status: null }), 'RENDER_FAILED'],
    ['JSON that does not end', 200, '['.repeat(100_000), 'RENDER_FAILED'],
    ['a body of 20 MiB', 200, ' '.repeat(20 * 1024 * 1024), 'RENDER_FAILED'],
  ])('render-status says what is wrong with %s', async (_, status, body, code) => {
    await using given = await openStatus()
    const answer = { kind: 'answer', status, body } as const
    given.fake.faults.arm('GET', new RegExp(`^/postgres/${given.instance.id}$`), answer, 9)
    const run = await given.status()
    expectContract('render-status', run, code)
    expect(run.annotations.at(-1)?.message.length).toBeLessThan(1000)
  })

  it('render-status ends where the pages of a list do not', async () => {
    await using given = await openStatus()
    const { fake, instance } = given
    const { id } = instance
    const answer = await fetch(`${fake.url}/postgres/${id}`, {
      headers: { authorization: `Bearer ${RENDER_KEY}` },
    })
    const item = { cursor: 'again', postgres: await answer.json() }
    const body = json(Array.from({ length: 100 }, () => item))
    fake.faults.arm('GET', /^\/postgres\?/, { kind: 'answer', status: 200, body }, 1000)
    expectContract('render-status', await given.status(), 'RENDER_FAILED')
    expect(fake.calls.length).toBeLessThan(20)
  })

  it('render-access names services that give no address', async () => {
    await using given = await openStatus()
    const { fake, instance, inputs } = given
    fake.setAllowList(instance, [])
    const services = `${fake.url}/nowhere\n${fake.url}/elsewhere`
    const run = await runAction('render-access', {
      inputs: { ...inputs, 'address-services': services },
      env: fake.env,
      secrets: [RENDER_KEY],
    })
    expectContract('render-access', run, 'ACCESS_FAILED')
    expect(fake.changes).toEqual([])
  })
})
