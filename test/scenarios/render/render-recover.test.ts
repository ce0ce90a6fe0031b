import { describe, expect, it, test } from 'vitest'
import { withClient } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { RENDER_KEY } from '../../support/render/fake-render.ts'
import { loseUsers } from '../../support/render/recovery.ts'

const lab = theLab()
const OFFICE = { cidrBlock: '198.51.100.0/24', description: 'office' }

/** The driver of the tests verifies certificates for sslmode=require; libpq and our sessions do not. */
const countUsers = (url: string) =>
  withClient(
    url.replace('?sslmode=require', ''),
    async client => (await client.query('SELECT count(*)::int AS n FROM users')).rows[0]?.n,
  )

describe('render-recover', () => {
  it('brings back what a migration destroyed, reachable by this runner only', async () => {
    await using given = await loseUsers(lab, { propagationMs: 300 })
    const { fake, source } = given
    const run = await given.recover()
    expect(run.exitCode, run.log).toBe(0)
    const id = run.outputs['new-instance-id'] ?? ''
    const instance = fake.instances.get(id)
    expect(instance?.name).toBe('pg-runbook-recovery-logi-1234567890-latest')
    expect(await countUsers(run.env.RESTORED_DATABASE_URL ?? '')).toBe(1000)
    expect(instance?.ipAllowList).toMatchObject([{ cidrBlock: '127.0.0.1/32' }])
    expect(run.log).toContain('it is another database')
    expect(Number(run.outputs['recovery-seconds'])).toBeGreaterThan(0)
    expect(run.droppedOutputs).toEqual([])
    const { password } = new URL(source.externalUrl)
    for (const text of [run.log, run.summary, JSON.stringify(run.outputs), run.savedState])
      expect(text).not.toContain(password)
    const post = await given.post(run)
    expect(post.exitCode, post.log).toBe(0)
    expect(instance?.ipAllowList).toBeNull()
    expect(fake.changes.filter(call => call.includes(source.id))).toEqual([
      `POST /postgres/${source.id}/recovery`,
    ])
  })

  it('with keep false deletes what it made, and nothing else', async () => {
    await using given = await loseUsers(lab)
    const { fake, source } = given
    const other = await fake.addInstance(given.database.name, { name: 'pg-runbook-recovery-logi-7-latest' })
    const run = await given.recover({ keep: 'false' })
    const post = await given.post(run, { keep: 'false' })
    expect([run.exitCode, post.exitCode], post.log).toEqual([0, 0])
    expect([...fake.instances.keys()]).toEqual([source.id, other.id])
    expect(fake.changes.filter(call => call.startsWith('DELETE'))).toEqual([
      `DELETE /postgres/${run.outputs['new-instance-id']}`,
    ])
  })

  it('re-run adopts what the first attempt asked for', async () => {
    await using given = await loseUsers(lab)
    const first = await given.recover()
    const second = await given.recover({}, '2')
    expect(second.outputs['new-instance-id']).toBe(first.outputs['new-instance-id'])
    expect(second.outputs['recovery-seconds']).toBe('')
    expect(second.log).toContain('it is adopted')
    expect(given.fake.instances.size).toBe(2)
  })

  it('re-run asks again after a recovery that failed, and deletes that', async () => {
    await using given = await loseUsers(lab)
    given.fake.recoveryFails = true
    const first = await given.recover()
    expect(first.annotations.map(({ title }) => title)).toEqual(['render-recover: RECOVERY_FAILED'])
    expect(first.annotations[0]?.message).toContain('ended as recovery_failed')
    given.fake.recoveryFails = false
    const second = await given.recover({}, '2')
    expect(second.exitCode, second.log).toBe(0)
    expect(given.fake.instances.size).toBe(2)
  })

  it('that never ends is TIMED_OUT, and its post phase deletes it', async () => {
    await using given = await loseUsers(lab)
    given.fake.recoveryHangs = true
    const run = await given.recover({ keep: 'false', timeout: '4s' })
    expect(run.annotations.map(({ title }) => title)).toEqual(['render-recover: TIMED_OUT'])
    const post = await given.post(run, { keep: 'false' })
    expect(post.exitCode, post.log).toBe(0)
    expect(given.fake.instances.size).toBe(1)
  })

  it('takes an answer that was lost for what it made', async () => {
    await using given = await loseUsers(lab)
    given.fake.faults.arm('POST', /recovery$/, { kind: 'lost' })
    const run = await given.recover()
    expect(run.exitCode, run.log).toBe(0)
    expect(given.fake.instances.size).toBe(2)
  })

  const MINUTE_MS = 60_000
  test.each([
    ['five minutes ago', { 'point-in-time': 5 * MINUTE_MS }, 'RECOVERY_UNAVAILABLE', 'ago, or in the future'],
    ['a month ago', { 'point-in-time': 30 * 1440 * MINUTE_MS }, 'RECOVERY_UNAVAILABLE', 'before the window'],
    ['yesterday', { 'point-in-time': 'yesterday' }, 'INVALID_INPUT', 'expected latest, or an instant'],
    ['a plan', { plan: 'Basic 1GB' }, 'INVALID_INPUT', 'as the API spells it'],
    ['an id of another workspace', { 'instance-id': 'dpg-00000000-a' }, 'RENDER_NOT_FOUND', 'HTTP 404'],
    ['a key without rights', { 'api-key': 'rnd_other' }, 'RENDER_DENIED', 'HTTP 401'],
  ])('refuses %s in one error, and makes nothing', async (_name, changes, code, why) => {
    await using given = await loseUsers(lab)
    const inputs = Object.fromEntries(
      Object.entries(changes).map(([key, value]) => [
        key,
        typeof value === 'number' ? new Date(Date.now() - value).toISOString() : value,
      ]),
    )
    const run = await given.recover(inputs)
    expect(run.annotations.map(({ title }) => title)).toEqual([`render-recover: ${code}`])
    expect(run.annotations[0]?.message).toContain(why)
    expect(given.fake.changes).toEqual([])
    const post = await given.post(run, inputs)
    expect(post.exitCode).toBe(0)
  })

  it('refuses the free plan, and a database whose first backup is not ready', async () => {
    await using given = await loseUsers(lab)
    const free = await given.fake.addInstance(given.database.name, { plan: 'free' })
    given.source.recoveryStatus = 'BACKUP_NOT_READY'
    for (const [id, why] of [
      [free.id, 'is on the free plan'],
      [given.source.id, 'is not ready yet'],
    ] as const) {
      const run = await given.recover({ 'instance-id': id })
      expect(run.annotations.map(({ title }) => title)).toEqual(['render-recover: RECOVERY_UNAVAILABLE'])
      expect(run.annotations[0]?.message).toContain(why)
    }
    expect(given.fake.changes).toEqual([])
  })

  it('says that the source could not be asked when its allow list is closed', async () => {
    await using given = await loseUsers(lab)
    given.fake.setAllowList(given.source, [OFFICE])
    const run = await given.recover()
    expect(run.exitCode, run.log).toBe(0)
    expect(run.log).toContain('which could not be asked itself')
    expect(run.log).not.toContain(RENDER_KEY)
  })
})
