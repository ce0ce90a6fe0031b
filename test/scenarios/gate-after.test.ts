import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, test } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import {
  expectClosed,
  putText,
  removeKey,
  runGate,
  type Service,
  startGate,
  startService,
  USERS,
} from '../support/gate.ts'
import { theLab } from '../support/lab.ts'
import type { ActionRun } from '../support/runner.ts'

const lab = theLab()
const AFTER = { phase: 'after', soak: '1s', 'health-failures': '0' }
const QUICK = { inputs: { 'verify-level': 'checksum' } }

const afterDeploy = (service: Pick<Service, 'url'>, inputs: Readonly<Record<string, string>> = {}) => ({
  inputs: { ...AFTER, 'health-url': service.url, ...inputs },
})

function expectUnhealthy(run: ActionRun): void {
  expectClosed(run, 'GATE_UNHEALTHY')
  expect(run.outputs['migrations-pending']).toBe('')
}

describe('a deploy that stays healthy', () => {
  it('has its new state backed up', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(response => response.end('up'))

    const run = await runGate(source, bucket, afterDeploy(service))

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ 'verified-level': 'checksum', 'migrations-pending': '' })
    expect(run.outputs['backup-id']).toContain('-post-migration-')
    expect(run.summary).toContain('The deploy is healthy')
  })

  it('has its backup read back where the store keeps no checksums', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(response => response.end('up'))

    const run = await runGate(source, bucket, afterDeploy(service, { 's3-compatibility': 'basic' }))

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs['verified-level']).toBe('archive')
  })

  it.each([
    ['answers as health-status says', 204, {}, { 'health-status': '204' }],
    ['redirects as health-status says', 302, { location: '/login' }, { 'health-status': '302' }],
  ])('%s', async (_, status, headers, inputs) => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(response => void response.writeHead(status, headers).end())

    const run = await runGate(source, bucket, afterDeploy(service, inputs))

    expect(run.exitCode, run.log).toBe(0)
  })

  it('closes the gate when the backup fails', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(response => response.end('up'))
    await source.query('DROP TABLE users')

    const run = await runGate(source, bucket, afterDeploy(service, { tables: 'users' }))

    expectClosed(run, 'INVALID_INPUT')
    expect(await bucket.list('backups/manifests/')).toEqual([])
  })
})

describe('a deploy that flaps', () => {
  it.each([
    ['1', 0],
    ['0', 1],
  ])('is healthy with %s failures allowed: exit code %i', async (failures, exitCode) => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    let probes = 0
    await using service = await startService(response => {
      probes += 1
      response.writeHead(probes === 1 ? 503 : 200).end()
    })

    const run = await runGate(source, bucket, afterDeploy(service, { 'health-failures': failures }))

    expect(run.exitCode, run.log).toBe(exitCode)
    if (exitCode === 1) expectUnhealthy(run)
    else expect(run.outputs['backup-id']).toContain('-post-migration-')
  })
})

describe('a deploy that is not healthy', () => {
  it.each<[string, Parameters<typeof startService>[0]]>([
    ['answers 500', response => void response.writeHead(500).end()],
    ['redirects', response => void response.writeHead(302, { location: '/login' }).end()],
    ['hangs', () => {}],
  ])('because it %s gets no backup, and the restore commands are shown', async (_, answer) => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(answer)
    const before = await runGate(source, bucket, QUICK)

    const run = await runGate(source, bucket, afterDeploy(service))

    expectUnhealthy(run)
    expect(run.outputs['restore-point']).toBe(before.outputs['restore-point'])
    expect(run.summary).toContain('Restore point before this deploy')
    expect(run.summary).toContain(before.outputs['backup-id'])
    expect(run.summary).toContain('pg_restore')
    expect(await bucket.list('backups/archives/')).toHaveLength(1)
  })

  it('prints the bucket that was asked where the gate record names another', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(response => void response.writeHead(500).end())
    await runGate(source, bucket, QUICK)
    const [key = ''] = await bucket.list('backups/gates/')
    const record = (await bucket.read(key)).toString().replaceAll(bucket.name, 'bucket-of-mallory')
    await putText(bucket, key, record)

    const run = await runGate(source, bucket, afterDeploy(service))

    expectUnhealthy(run)
    expect(run.summary).toContain(`s3://${bucket.name}/`)
    expect(run.summary + JSON.stringify(run.outputs)).not.toContain('bucket-of-mallory')
  })

  it.each([
    ['another archive', '"sha256": "[0-9a-f]{64}"', `"sha256": "${'0'.repeat(64)}"`],
    [
      'a backup that is not there',
      '"id": "[^"]*-pre-migration-[^"]*"',
      '"id": "20260101T000000Z-daily-00000000"',
    ],
    ['no backup', '"id": "[^"]*-pre-migration-[^"]*"', '"id": "$(touch pwned)"'],
  ])('prints no command where the gate record names %s', async (_, from, to) => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(response => void response.writeHead(500).end())
    await runGate(source, bucket, QUICK)
    const [key = ''] = await bucket.list('backups/gates/')
    const record = (await bucket.read(key)).toString()
    const forged = record.replace(new RegExp(from), () => to)
    expect(forged).not.toBe(record)
    await putText(bucket, key, forged)

    const run = await runGate(source, bucket, afterDeploy(service))

    expectUnhealthy(run)
    expect(run.outputs['restore-point']).toBe('')
    expect(run.summary).toContain('no command is shown')
    expect(run.summary).not.toContain('```')
  })

  it('because it dies, or because its name is not known', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const service = await startService(response => {
      response.end('up', () => service.stop())
    })

    const died = await runGate(source, bucket, afterDeploy(service))
    const nowhere = await runGate(source, bucket, afterDeploy({ url: 'http://deploy.invalid/up' }))

    expectUnhealthy(died)
    expect(died.annotations.at(-1)?.message).toContain('ECONNREFUSED')
    expectUnhealthy(nowhere)
    expect(nowhere.annotations.at(-1)?.message).toMatch(/ENOTFOUND|EAI_AGAIN/)
  })

  it('says so whatever lies among the records, and with a store that is down', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(response => void response.writeHead(500).end())
    const before = await runGate(source, bucket, QUICK)
    await putText(bucket, 'backups/gates/logi/notes.txt', 'hello')
    await putText(bucket, `backups/gates/logi/29990101T000000Z-${randomBytes(4).toString('hex')}.json`, '{')

    const run = await runGate(source, bucket, afterDeploy(service))
    const alone = await runGate(source, bucket, afterDeploy(service, { 's3-endpoint': 'http://127.0.0.1:9' }))

    expectUnhealthy(run)
    expect(run.summary).toContain(before.outputs['backup-id'])
    expectUnhealthy(alone)
    expect(alone.summary).toContain('no restore point is known')
  })

  it('is not given the restore point of another deploy as its own', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(response => void response.writeHead(500).end())
    const env = { GITHUB_RUN_ID: '7', GITHUB_SHA: 'c0ffee0c0ffee0' }
    const other = await runGate(source, bucket, { ...QUICK, env })

    const run = await runGate(source, bucket, afterDeploy(service))

    expectUnhealthy(run)
    expect(run.outputs['restore-point']).toBe('')
    expect(run.summary).toContain('none: no gate of this run or commit let migrations through')
    expect(run.summary).toContain('before the deploy of commit <code>c0ffee0c0ffe</code>')
    expect(run.summary).toContain(other.outputs['backup-id'])
    expect(run.annotations.at(-1)?.message).toContain('which was not taken for this deploy')

    for (const key of await bucket.list('backups/gates/')) await removeKey(bucket, key)
    expect((await runGate(source, bucket, afterDeploy(service))).summary).toContain(
      'no restore point is known',
    )
  })

  it('does not have the query of its address shown, which may be a token', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(response => void response.writeHead(500).end())

    const run = await runGate(source, bucket, afterDeploy({ url: `${service.url}?token=geheim` }))

    expectUnhealthy(run)
    expect(`${run.rawLog}${run.summary}`).not.toContain('geheim')
  })
})

test.each(['https://user@example.com/up', 'https://:pw@example.com/up', 'ftp://example.com'])(
  'the address %s is refused',
  async url => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)

    expectClosed(await runGate(source, bucket, afterDeploy({ url })), 'INVALID_INPUT')
  },
)

describe('a soak that does not end', () => {
  it('is ended by the deadline and by a cancellation', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(() => {})
    const slow = { timeout: '100ms', 'health-failures': '9' }

    expectClosed(await runGate(source, bucket, afterDeploy(service, slow)), 'TIMED_OUT')
    const action = startGate(source, bucket, afterDeploy(service, { soak: '10m' }))
    await action.waitForLog(/Watch /)
    await sleep(300)
    expectClosed(await action.cancel(), 'CANCELLED')
    expect(await bucket.list()).toEqual([])
  })
})
