import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import { HttpFaults } from '../support/http-faults.ts'
import { theLab } from '../support/lab.ts'
import { type ActionOptions, type ActionRun, runAction } from '../support/runner.ts'

const TABLES = `
  CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 1000);
  CREATE TABLE links (id int PRIMARY KEY)`

/** The lines of the chart in a summary. */
function chartOf({ summary }: ActionRun, title: string): readonly string[] {
  return (
    new RegExp(`### ${title}\n\n(?:.+\n\n)?\`\`\`text\n(.*?)\n\`\`\``, 's').exec(summary)?.[1]?.split('\n') ??
    []
  )
}

describe('the trend in a job summary', () => {
  const lab = theLab()

  async function dump(
    source: TestDatabase,
    bucket: TestBucket,
    options: ActionOptions = {},
  ): Promise<ActionRun> {
    const inputs = { database: 'logi', ...options.inputs }
    const run = await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { ...options, inputs }))
    expect(run.exitCode, run.log).toBe(0)
    return run
  }

  it('shows the backups before, but not those of other tables or unreadable ones', async () => {
    await using source = await createDatabase(lab, TABLES)
    await using bucket = await createBucket(lab)
    expect(chartOf(await dump(source, bucket), 'Last backups')).toHaveLength(1)
    await dump(source, bucket, { inputs: { tables: 'links' } })
    const damaged = 'backups/manifests/logi/20260101T000000Z-daily-00000000.json'
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: damaged, Body: '{' }))
    const notes = 'backups/manifests/logi/notes.json'
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: notes, Body: '{' }))

    const second = await dump(source, bucket, { inputs: { kind: 'daily' } })

    const chart = chartOf(second, 'Last backups')
    expect(chart.map(line => /(manual|daily|partial)( ◀ this backup)?/.exec(line)?.[0])).toEqual([
      'manual',
      'daily ◀ this backup',
    ])
    expect(second.summary).toContain('The one backup before had ')
    expect(second.summary).toContain(' It took ')
    expect(second.log).toContain(`${damaged} is not in the trend: `)
    expect(second.log).not.toContain(notes)
    expect(second.annotations.filter(({ message }) => message.includes('trend'))).toEqual([])
  })

  it('warns where the backup before is of another database', async () => {
    await using staging = await createDatabase(lab, TABLES)
    await using production = await createDatabase(lab, TABLES)
    await using bucket = await createBucket(lab)
    const first = await dump(staging, bucket)
    expect(first.log).not.toContain('Two databases share the name')

    const second = await dump(production, bucket)

    const difference = `it is of the database ${staging.name}, and this one is ${production.name}`
    expect(second.annotations.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(`^Two databases share the name logi here\\..*: ${difference}\\.`),
    )
  })

  it('shows the drills and the gates before this one', async () => {
    await using source = await createDatabase(lab, TABLES)
    await using bucket = await createBucket(lab)
    const { env } = dumpOptions(lab, source, bucket)
    const destination = { database: 'logi', destination: `s3://${bucket.name}/backups` }
    const gate = {
      ...destination,
      'database-url': source.url,
      migrations: 'always',
      'verify-level': 'checksum',
    }
    const options = { env, inputs: gate }
    const first = await runAction('pre-migration-snapshot', options as ActionOptions)
    const second = await runAction('pre-migration-snapshot', options as ActionOptions)
    expect(chartOf(first, 'Last gates')).toHaveLength(1)
    expect(chartOf(second, 'Last gates')).toEqual([
      expect.stringMatching(/ checksum +\d.* s +\d.*B {2}[█▏▎▍▌▋▊▉]+$/),
      expect.stringMatching(/ checksum ◀ this gate +\d.* s +\d.*B {2}[█▏▎▍▌▋▊▉]+$/),
    ])

    for (const drills of [1, 2]) {
      const drill = await runAction('verify-drill', { inputs: destination, env } as ActionOptions)
      expect(chartOf(drill, 'Last drills')).toHaveLength(drills)
    }
  })

  it('is left out after seconds when the store is silent, and the backup is made', async () => {
    await using source = await createDatabase(lab, TABLES)
    await using bucket = await createBucket(lab)
    const { hostname: host, port } = new URL(lab.s3.endpoint)
    await using store = await HttpFaults.start({ host, port: Number(port) })
    store.failNext(503, 10_000, { method: 'GET', path: /list-type=2/ })

    const run = await dump(source, bucket, {
      env: { AWS_ENDPOINT_URL_S3: `http://${store.address.host}:${store.address.port}` },
    })

    expect(run.summary).toContain('## ✅ Backup of logi')
    expect(run.summary).not.toContain('Last backups')
    expect(run.log).toContain('is not in the trend: ')
    expect(run.annotations.filter(({ message }) => message.includes('trend'))).toEqual([])
    expect(await bucket.list('backups/manifests/')).toHaveLength(1)
  })
})
