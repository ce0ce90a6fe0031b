import { describe, expect, it, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { FakeRender, RENDER_KEY } from '../../support/render/fake-render.ts'
import { runAction } from '../../support/runner.ts'

const lab = theLab()

function status(fake: FakeRender, id: string, inputs: Record<string, string> = {}) {
  return runAction('render-status', {
    inputs: { 'api-key': RENDER_KEY, 'instance-id': id, ...inputs },
    env: fake.env,
    secrets: [RENDER_KEY],
  })
}

describe('render-status', () => {
  it('reports the window of the API, not of a table, and only reads', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const instance = await fake.addInstance(database.name)
    instance.exports.push({ id: 'e1', createdAt: '2026-11-20T00:00:00Z', url: 'https://example.com/e1' })
    const run = await status(fake, instance.id, { 'expected-retention': '7d' })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({
      'recovery-status': 'AVAILABLE',
      'window-start': instance.startsAt.toISOString(),
      'newest-export': '2026-11-20T00:00:00Z',
      'open-to-all': 'true',
      plan: 'basic_256mb',
      protected: '',
    })
    expect(Number(run.outputs['window-seconds'])).toBeCloseTo(3 * 86_400 - 600, -2)
    expect(run.log).toContain('The team counts on 168 h 00 min of recovery, but Render offers 71 h 50 min.')
    expect(run.summary).toContain('open to every address')
    expect(fake.changes).toEqual([])
    expect(run.log + run.summary).not.toContain(RENDER_KEY)
  })

  test.each([
    ['open-to-all', 'the allow list admits every address'],
    ['window-shorter-than=4d', 'the recovery window is 71 h 50 min, less than 96 h 00 min'],
    ['export-older-than=7d', 'there is no logical export'],
    ['not-protected', 'it is in no protected environment'],
  ])('fails on %s', async (demand, why) => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const { id } = await fake.addInstance(database.name)
    const run = await status(fake, id, { 'fail-on': demand })
    expect(run.exitCode).toBe(1)
    expect(run.annotations.at(-1)).toMatchObject({ title: 'render-status: RENDER_NOT_READY' })
    expect(run.annotations.at(-1)?.message).toContain(why)
    expect(run.outputs['recovery-status']).toBe('AVAILABLE')
  })

  it('says why the free plan has no recovery, and names what a recovery left', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    const { id } = await fake.addInstance(database.name, { plan: 'free' })
    await fake.addInstance(database.name, { name: 'pg-runbook-recovery-logi-7-latest' })
    const run = await status(fake, id, { 'fail-on': 'no-recovery' })
    expect(run.annotations.at(-1)?.message).toContain('no recovery is possible (NOT_AVAILABLE)')
    expect(run.log).toContain('pg-runbook-recovery-logi-7-latest')
    expect(run.summary).toContain('Move it to a paid plan')
  })

  it('knows a protected environment, and a status that is new', async () => {
    await using database = await createDatabase(lab)
    await using fake = await FakeRender.start(lab)
    fake.environments.set('evm-1', { id: 'evm-1', protectedStatus: 'protected' })
    const instance = await fake.addInstance(database.name, { environmentId: 'evm-1' })
    instance.status = 'defrosting'
    const run = await status(fake, instance.id, { 'fail-on': 'not-protected\nnot-available' })
    expect(run.outputs).toMatchObject({ protected: 'true', status: 'defrosting' })
    expect(run.annotations.at(-1)?.message).toMatch(/: its status is defrosting\./)
  })

  test.each([
    ['an id that Render does not have', { 'instance-id': 'dpg-00000000-a' }, 'RENDER_NOT_FOUND'],
    ['a key that is not valid', { 'api-key': 'rnd_wrong' }, 'RENDER_DENIED'],
    ['an id of a service', { 'instance-id': 'srv-00000000' }, 'INVALID_INPUT'],
    ['a condition that does not exist', { 'fail-on': 'open' }, 'INVALID_INPUT'],
    ['no key', { 'api-key': '' }, 'INVALID_INPUT'],
    ['an address that is no URL', { 'api-url': 'render' }, 'INVALID_INPUT'],
  ])('refuses %s with one error', async (_name, inputs, code) => {
    await using fake = await FakeRender.start(lab)
    const run = await status(fake, 'dpg-00000000-a', inputs)
    expect(run.annotations.map(({ title }) => title)).toEqual([`render-status: ${code}`])
    expect(run.exitCode).toBe(1)
  })
})
