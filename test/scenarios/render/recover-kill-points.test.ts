import { describe, expect, it } from 'vitest'
import { theLab } from '../../support/lab.ts'
import { loseUsers } from '../../support/render/recovery.ts'

const lab = theLab()

describe('render-recover killed after each call to the API', () => {
  it('is finished by the next attempt, and nothing is left that costs money', async () => {
    const outcomes: string[] = []
    for (let kill = 1; ; kill += 1) {
      await using given = await loseUsers(lab)
      const { fake, source } = given
      const started = given.start({ keep: 'false' })
      fake.onCall = count => {
        if (count === kill) started.signal('SIGKILL')
      }
      const first = await started.finished
      if (first.endedBy === null) break
      fake.onCall = () => {}

      const second = await given.recover({ keep: 'false' }, '2')
      const post = await given.post(second, { keep: 'false' })

      const made = fake.changes.filter(call => call.endsWith('/recovery')).length
      const touched = fake.changes.filter(call => call.startsWith('DELETE') && call.includes(source.id))
      expect([second.exitCode, post.exitCode], second.log + post.log).toEqual([0, 0])
      outcomes.push(
        `${kill}: ${made} asked for, ${fake.instances.size - 1} left, ${touched.length} of the source`,
      )
    }
    expect(outcomes.length).toBeGreaterThanOrEqual(8)
    expect(outcomes.filter(text => !text.endsWith('1 asked for, 0 left, 0 of the source'))).toEqual([])
    process.stdout.write(`kill points of render-recover: ${outcomes.length}\n`)
  }, 300_000)

  it('is cleaned up by the post phase of the attempt that was killed', async () => {
    for (const kill of [4, 5, 6, 7]) {
      await using given = await loseUsers(lab)
      const started = given.start({ keep: 'false' })
      given.fake.onCall = count => {
        if (count === kill) started.signal('SIGKILL')
      }
      const first = await started.finished
      given.fake.onCall = () => {}
      const post = await given.post(first, { keep: 'false' })
      expect(post.exitCode, post.log).toBe(0)
      expect(given.fake.instances.size).toBe(1)
    }
  }, 120_000)
})
