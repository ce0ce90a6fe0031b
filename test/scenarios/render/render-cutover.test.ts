import { describe, expect, it, test } from 'vitest'
import { parseCutoverRecord } from '../../../src/core/render/cutover-record.ts'
import { theLab } from '../../support/lab.ts'
import { databasesInUse, openShop } from '../../support/render/shop.ts'

const lab = theLab()
const health = async (url: string) => (await fetch(url)).status

describe('render-cutover', () => {
  it('moves every service to the recovered database, and undo moves them back', async () => {
    await using shop = await openShop(lab)
    const { lost, web, worker, fresh, group, bucket } = shop
    const { source, fake } = lost
    const run = await shop.cutOver()
    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs.state).toBe('done')
    expect(databasesInUse(shop)).toEqual(['fresh', 'fresh', 'fresh'])
    expect([await health(web.publicUrl), source.suspended, fresh.suspended]).toEqual([
      200,
      'suspended',
      'not_suspended',
    ])
    expect(worker.variables.get('DATABASE_URL')).toBe(`${fresh.externalUrl}?application_name=worker`)
    expect(group.variables.get('DATABASE_URL')).toBe(fresh.internalUrl)
    expect(fresh.ipAllowList).toEqual(source.ipAllowList)
    expect([web.maintenance, worker.suspended, shop.cron.suspended]).toEqual([
      false,
      'not_suspended',
      'not_suspended',
    ])
    expect(run.outputs.notice).toMatch(/was rolled back to its state of .* UTC/)
    expect(fake.changes.filter(call => /^DELETE|env-vars$/.test(call))).toEqual([])

    const id = run.outputs['cutover-id'] ?? ''
    const key = `backups/cutovers/logi/${id}.json`
    const keys = await bucket.list('backups/cutovers/')
    const stored = (await Promise.all(keys.map(async name => (await bucket.read(name)).toString()))).join('')
    expect(parseCutoverRecord((await bucket.read(key)).toString(), key).variables).toHaveLength(3)
    const { password } = new URL(source.externalUrl)
    for (const text of [stored, run.log, run.summary, JSON.stringify(run.outputs)])
      expect(text).not.toContain(password)

    const back = await shop.cutOver({ undo: id })
    expect(back.exitCode, back.log).toBe(0)
    expect(back.outputs.state).toBe('undone')
    expect(databasesInUse(shop)).toEqual(['old', 'old', 'old'])
    expect([source.suspended, fresh.suspended, await health(web.publicUrl)]).toEqual([
      'not_suspended',
      'not_suspended',
      200,
    ])
    expect(worker.variables.get('DATABASE_URL')).toBe(`${source.externalUrl}?application_name=worker`)
  })

  it('with dry-run prints the plan and changes nothing', async () => {
    await using shop = await openShop(lab)
    const run = await shop.cutOver({ 'dry-run': 'true', confirm: '', 'skip-verification': '' })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.log).toContain('1. freeze logi-server')
    expect(run.log).toContain('set DATABASE_URL of logi-jobs')
    expect(run.summary).toContain('suspend the old database')
    expect(shop.lost.fake.changes).toEqual([])
    expect(await shop.bucket.list()).toEqual([])
  })

  it('stops before the old database when a deploy fails, and undo goes back', async () => {
    await using shop = await openShop(lab)
    const { web, lost } = shop
    web.deployEnd = 'update_failed'
    const run = await shop.cutOver()
    const [error] = run.annotations.filter(({ level }) => level === 'error')
    expect(error?.title).toBe('render-cutover: CUTOVER_STOPPED')
    expect(error?.message).toContain('ended as update_failed')
    expect(error?.message).toMatch(/- done: set DATABASE_URL of logi-server/)
    expect(error?.message).toMatch(/- failed: deploy logi-server/)
    expect(error?.message).toMatch(/- not done: suspend the old database/)
    expect(error?.message).toContain(`go back with undo: ${run.outputs['cutover-id']}`)
    expect(lost.source.suspended).toBe('not_suspended')
    web.deployEnd = undefined
    const back = await shop.cutOver({ undo: run.outputs['cutover-id'] ?? '' })
    expect(back.exitCode, back.log).toBe(0)
    expect(databasesInUse(shop)).toEqual(['old', 'old', 'old'])
    expect(await health(web.publicUrl)).toBe(200)
  })

  it('continues where a run stopped', async () => {
    await using shop = await openShop(lab)
    shop.web.deployEnd = 'build_failed'
    const first = await shop.cutOver()
    shop.web.deployEnd = undefined
    const second = await shop.cutOver()
    expect([first.exitCode, second.exitCode], second.log).toEqual([1, 0])
    expect(second.outputs['cutover-id']).toBe(first.outputs['cutover-id'])
    expect(second.log).toMatch(/Continues at step \d+ of 15/)
    expect(databasesInUse(shop)).toEqual(['fresh', 'fresh', 'fresh'])
  })

  it('takes answers that were lost, and deploys that are only queued', async () => {
    await using shop = await openShop(lab)
    const { fake } = shop.lost
    fake.isBusy = true
    fake.faults.arm('POST', /suspend$/, { kind: 'lost' })
    fake.faults.arm('POST', /resume$/, { kind: 'lost' })
    fake.faults.arm('POST', /deploys$/, { kind: 'lost' })
    fake.faults.arm('PUT', /env-vars/, { kind: 'lost' })
    const run = await shop.cutOver()
    expect(run.exitCode, run.log).toBe(0)
    expect(databasesInUse(shop)).toEqual(['fresh', 'fresh', 'fresh'])
    expect(shop.web.deploys).toHaveLength(1)
  })

  it('leaves a service suspended that was suspended before', async () => {
    await using shop = await openShop(lab)
    shop.worker.suspended = 'suspended'
    const run = await shop.cutOver()
    expect(run.exitCode, run.log).toBe(0)
    expect(shop.worker.suspended).toBe('suspended')
    expect(shop.worker.variables.get('DATABASE_URL')).toContain(new URL(shop.fresh.externalUrl).host)
    expect(shop.worker.deploys).toEqual([])
  })

  test.each([
    ['no typed name', { confirm: '' }, 'CONFIRMATION_MISSING', 'confirm is empty'],
    ['another name', { confirm: 'logi' }, 'CONFIRMATION_MISSING', 'is called "logi-db"'],
    ['no verification', { 'skip-verification': '' }, 'INVALID_INPUT', 'drill-uri: is required'],
    ['a drill elsewhere', { 'drill-uri': 's3://other/x.json' }, 'CUTOVER_REFUSED', 'is not in the bucket'],
    ['an undo of nothing', { undo: '20261201T040000Z-1a2b3c4d' }, 'CUTOVER_REFUSED', 'There is no cutover'],
    ['no health-url', { 'health-url': '' }, 'INVALID_INPUT', 'health-url'],
    ['a service that is not there', { 'service-ids': 'srv-00000000' }, 'RENDER_NOT_FOUND', 'srv-00000000'],
    ['no group', { 'env-group-ids': '' }, 'CUTOVER_REFUSED', 'no variable of logi-cron'],
  ])('refuses %s in one error, and changes nothing', async (_name, changes, code, why) => {
    await using shop = await openShop(lab)
    const run = await shop.cutOver(changes)
    const errors = run.annotations.filter(({ level }) => level === 'error')
    expect(
      errors.map(({ title }) => title),
      run.log,
    ).toEqual([`render-cutover: ${code}`])
    expect(errors[0]?.message).toContain(why)
    expect(shop.lost.fake.changes).toEqual([])
  })

  it('refuses an unavailable database, a static site, and a value it cannot move', async () => {
    await using shop = await openShop(lab)
    const { lost, fresh, web } = shop
    fresh.status = 'creating'
    expect((await shop.cutOver()).annotations.at(-1)?.message).toContain(`${fresh.id} is creating`)
    fresh.status = 'available'
    const site = await lost.fake.addService({
      ...{ name: 'logi-docs', type: 'static_site' },
      variables: { DATABASE_URL: lost.source.externalUrl },
    })
    web.variables.set('REPLICA_URL', `postgresql://u:p@${lost.source.id}-pooler/db`)
    const run = await shop.cutOver({ 'service-ids': `${shop.inputs['service-ids']}\n${site.id}` })
    expect(run.annotations.at(-1)?.message).toContain('is a static site')
    expect(run.annotations.at(-1)?.message).toContain('REPLICA_URL of logi-server')
    expect(lost.fake.changes).toEqual([])
  })
})
