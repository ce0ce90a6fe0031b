import { describe, expect, it, test } from 'vitest'
import { createDatabase, withClient } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { type FakeOptions, FakeRender, RENDER_KEY } from '../../support/render/fake-render.ts'
import { runAction, startAction } from '../../support/runner.ts'

const lab = theLab()
const OFFICE = { cidrBlock: '198.51.100.0/24', description: 'office' }

async function open(options: FakeOptions = {}) {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await createDatabase(lab))
  const fake = stack.use(await FakeRender.start(lab, options))
  const instance = await fake.addInstance(database.name)
  fake.setAllowList(instance, [OFFICE])
  instance.effectiveAllowList = [OFFICE]
  const inputs = {
    'api-key': RENDER_KEY,
    'instance-id': instance.id,
    'address-services': `${fake.addressUrl}\n${fake.addressUrl}?two`,
  }
  return { fake, instance, inputs, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const connects = (url: string) =>
  withClient(url, client => client.query('SELECT 1')).then(
    () => true,
    () => false,
  )

describe('render-access', () => {
  it('opens the list, waits until it is in force, and closes it in its post phase', async () => {
    await using given = await open({ propagationMs: 1500 })
    const { fake, instance, inputs } = given
    expect(await connects(instance.externalUrl)).toBe(false)
    const run = await runAction('render-access', { inputs, env: fake.env })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs['runner-address']).toBe('127.0.0.1/32')
    expect(await connects(instance.externalUrl)).toBe(true)
    expect(instance.ipAllowList).toHaveLength(2)
    expect(instance.ipAllowList?.[1]?.description).toMatch(/^pg-runbook run 1234567890\/1 [0-9a-f]{8} until /)
    const post = await runAction('render-access', { inputs, env: fake.env, phase: 'post', after: run })
    expect(post.exitCode, post.log).toBe(0)
    expect(instance.ipAllowList).toEqual([OFFICE])
    expect(run.log).not.toContain(new URL(instance.externalUrl).password)
  })

  it('killed after its change is closed by its post phase', async () => {
    await using given = await open()
    const { fake, instance, inputs } = given
    const started = startAction('render-access', { inputs, env: fake.env })
    fake.onCall = (_, { method }) => {
      if (method === 'PATCH') started.signal('SIGKILL')
    }
    const run = await started.finished
    expect(run.endedBy).toBe('SIGKILL')
    expect(instance.ipAllowList).toHaveLength(2)
    fake.onCall = () => {}
    const post = await runAction('render-access', { inputs, env: fake.env, phase: 'post', after: run })
    expect(post.exitCode, post.log).toBe(0)
    expect(instance.ipAllowList).toEqual([OFFICE])
  })

  it('does nothing in its post phase when main did nothing', async () => {
    await using given = await open()
    const { fake, inputs } = given
    const run = await runAction('render-access', { inputs: { ...inputs, 'instance-id': 'x' }, env: fake.env })
    const post = await runAction('render-access', { inputs, env: fake.env, phase: 'post', after: run })
    expect([run.exitCode, post.exitCode]).toEqual([1, 0])
    expect(fake.calls).toEqual([])
  })

  test.each([
    ['one service alone', { 'address-services': 'https://example.com/ip' }, 'INVALID_INPUT'],
    ['a network', { 'runner-address': '10.0.0.0/8' }, 'INVALID_INPUT'],
    ['an entry of a second', { 'expires-after': '1s' }, 'INVALID_INPUT'],
  ])('refuses %s', async (_name, changes, code) => {
    await using given = await open()
    const { fake, inputs } = given
    const run = await runAction('render-access', { inputs: { ...inputs, ...changes }, env: fake.env })
    expect(run.annotations.map(({ title }) => title)).toEqual([`render-access: ${code}`])
    expect(fake.calls).toEqual([])
  })

  it('changes nothing when no two services agree', async () => {
    await using given = await open()
    const { fake, inputs } = given
    const services = `${fake.addressUrl}\n${fake.url}/environments/evm-1`
    const run = await runAction('render-access', {
      inputs: { ...inputs, 'address-services': services },
      env: fake.env,
    })
    expect(run.annotations.map(({ title }) => title)).toEqual(['render-access: ACCESS_FAILED'])
    expect(fake.changes).toEqual([])
  })
})
