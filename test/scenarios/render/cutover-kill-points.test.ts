import { describe, expect, it } from 'vitest'
import { theLab } from '../../support/lab.ts'
import { databasesInUse, openShop } from '../../support/render/shop.ts'

const lab = theLab()

describe('render-cutover killed after each call that changes something', () => {
  it.concurrent.each(['finished', 'undone'] as const)(
    'is %s by the second run',
    async end => {
      let kills = 0
      for (;;) {
        await using shop = await openShop(lab)
        const { fake, source } = shop.lost
        const started = shop.start()
        fake.onCall = () => {
          if (fake.changes.length === kills + 1) started.signal('SIGKILL')
        }
        const first = await started.finished
        if (first.endedBy === null) break
        fake.onCall = () => {}
        kills += 1
        const plans = (await shop.bucket.list('backups/cutovers/logi/')).filter(
          key => !/\/\d{4}\.json$/.test(key),
        )
        expect(plans).toHaveLength(1)
        const undo = end === 'undone' ? (plans[0] ?? '').replace(/^.*\/|\.json$/g, '') : ''
        const second = await shop.cutOver({ undo })
        const where = `after change ${kills}: ${fake.changes.join(', ')}`
        expect(second.exitCode, `${where}\n${second.log}`).toBe(0)
        const expected = end === 'undone' ? 'old' : 'fresh'
        expect(databasesInUse(shop), where).toEqual([expected, expected, expected])
        expect(source.suspended).toBe(end === 'undone' ? 'not_suspended' : 'suspended')
        expect((await fetch(shop.web.publicUrl)).status).toBe(200)
        expect([shop.worker.suspended, shop.cron.suspended]).toEqual(['not_suspended', 'not_suspended'])
        expect(fake.changes.filter(call => call.startsWith('DELETE'))).toEqual([])
      }
      expect(kills).toBeGreaterThanOrEqual(14)
      process.stdout.write(`kill points of render-cutover, ${end}: ${kills}\n`)
    },
    900_000,
  )
})
