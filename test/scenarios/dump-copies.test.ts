import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { type Manifest, parseManifest } from '../../src/core/backup/manifest.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { copyKeys, copyLine } from '../support/copies.ts'
import { createDatabase } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { runGate, USERS } from '../support/gate.ts'
import { theLab } from '../support/lab.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const lab = theLab()

async function readManifest(bucket: TestBucket): Promise<Manifest> {
  const key = (await bucket.list()).find(name => name.includes('manifests/')) ?? ''
  return parseManifest((await bucket.read(key)).toString(), key)
}

/** Addresses in a summary are kept from becoming links. */
function visible({ summary }: ActionRun): string {
  return summary.replaceAll('<span>:</span>', ':')
}

/** Everything of a manifest that both stores share. */
function shared({ object, ...rest }: Manifest): unknown {
  return { ...rest, bytes: object.bytes, sha256: object.sha256, parts: object.parts }
}

describe('a dump with a copy', () => {
  it('leaves the same backup in both stores; the copy passes a drill on its own', async () => {
    await using source = await createDatabase(lab, USERS)
    await using first = await createBucket(lab)
    await using second = await createBucket(lab)

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, first, {
        inputs: { database: 'logi', kind: 'daily', copies: copyLine(second) },
        env: copyKeys(),
      }),
    )

    expect(run.exitCode, run.log).toBe(0)
    const manifests = [await readManifest(first), await readManifest(second)] as const
    const [ours, copy] = manifests
    expect(shared(copy)).toEqual(shared(ours))
    expect(copy.object).toMatchObject({ bucket: second.name, storageClass: 'STANDARD' })
    const archives = await Promise.all([first.read(ours.object.key), second.read(copy.object.key)])
    expect(archives[0].equals(archives[1])).toBe(true)
    const uri = `s3://${second.name}/${copy.object.key}`
    expect(run.outputs).toMatchObject({ copies: uri, 'failed-copies': '' })
    expect(run.droppedOutputs).toEqual([])
    expect(visible(run)).toContain(uri)
    expect(run.annotations.filter(({ message }) => /No copy/.test(message))).toEqual([])

    for (const key of await first.list())
      await first.client.send(new DeleteObjectCommand({ Bucket: first.name, Key: key }))
    const place = { destination: `s3://${second.name}/second`, database: 'logi' }
    const env = labEnvironment(lab)
    const drill = await runAction('verify-drill', { inputs: place, env })
    expect(drill.outputs, drill.log).toMatchObject({ verdict: 'pass', 'backup-id': ours.backup.id })
    const fresh = await runAction('check-freshness', { inputs: { ...place, 'drill-max-age': '1h' }, env })
    expect(fresh.outputs, fresh.log).toMatchObject({ fresh: 'true', 'backup-id': ours.backup.id })
  }, 60_000)

  it.each([
    ['warn', 0],
    ['fail', 1],
  ] as const)('whose store refuses the keys: %s ends with %i', async (mode, exitCode) => {
    await using source = await createDatabase(lab, USERS)
    await using first = await createBucket(lab)
    await using second = await createBucket(lab)

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, first, {
        inputs: { copies: copyLine(second), 'on-copy-failure': mode },
        env: copyKeys(lab.s3.stranger),
      }),
    )

    expect(run.exitCode, run.log).toBe(exitCode)
    const [annotation, ...more] = run.annotations.filter(({ message }) => /No copy/.test(message))
    expect(more).toEqual([])
    expect(annotation).toMatchObject(
      mode === 'warn' ? { level: 'warning' } : { level: 'error', title: 'dump-to-s3: COPY_FAILED' },
    )
    expect(annotation?.message).toContain(`No copy in s3://${second.name}/second: Could not begin`)
    expect(run.outputs).toMatchObject({ copies: '', 'failed-copies': `s3://${second.name}/second` })
    expect(run.outputs['backup-id']).toBe((await readManifest(first)).backup.id)
    expect(visible(run)).toContain(`No copy in s3://${second.name}/second`)
    expect(visible(run)).toContain('✅ Backup of')
    expect(await second.list()).toEqual([])
  })

  it('reports every wrong line at once, without the keys in it', async () => {
    const run = await runAction('dump-to-s3', {
      inputs: {
        'database-url': 'postgresql://u:word-of-pass@localhost/db',
        destination: 's3://first-bucket/x',
        copies: [
          'destination=s3://first-bucket/x/',
          'destination=s3://Second,storage-class=cold,s3-compatibility=some',
          'destination=s3://second,secret-access-key=HUSHHUSH',
          'destination=s3://third,credentials=COPY,s3-region=eu-west-1',
          'destination=s3://fourth,role-arn=arn:aws:iam::1:role/r,object-tags=a=b&c',
          'HUSHHUSH',
        ].join('\n'),
        'on-copy-failure': 'ignore',
        'copy-timeout': '5',
      },
      env: { AWS_REGION: 'us-east-1' },
    })

    expect(run.exitCode).toBe(1)
    expect(run.annotations).toHaveLength(1)
    const message = run.annotations[0]?.message ?? ''
    for (const problem of [
      'copies: s3://first-bucket/x is a destination already',
      'copies, line 2, destination: ',
      'copies, line 2, storage-class: got "cold"',
      'copies, line 2, s3-compatibility: got "some"',
      'copies, line 3: "secret-access-key" is no setting of a copy',
      'copies, line 4, credentials: COPY_ACCESS_KEY_ID and COPY_SECRET_ACCESS_KEY are not set',
      'copies, line 5, role-arn: needs a job with the permission id-token: write',
      'copies, line 5, object-tags: ',
      'copies, line 6: expected name=value',
      'on-copy-failure: ',
      'copy-timeout: ',
    ])
      expect(message).toContain(`- ${problem}`)
    expect(run.rawLog + run.summary).not.toContain('HUSHHUSH')
  })
})

describe('a gate with a copy', () => {
  it('says in outputs, summary and record which copies its restore point has', async () => {
    await using source = await createDatabase(lab, USERS)
    await using first = await createBucket(lab)
    await using second = await createBucket(lab)
    const lost = { name: 'no-such-bucket-anywhere' }

    const inputs = { copies: `${copyLine(second)}\n${copyLine(lost)}` }
    const run = await runGate(source, first, { inputs, env: copyKeys() })

    expect(run.exitCode, run.log).toBe(0)
    const { backup, object } = await readManifest(second)
    const archiveUri = `s3://${second.name}/${object.key}`
    expect(run.outputs).toMatchObject({
      'backup-id': backup.id,
      copies: archiveUri,
      'failed-copies': `s3://${lost.name}/second`,
    })
    expect(visible(run)).toContain(archiveUri)
    expect(visible(run)).toContain(`No copy in s3://${lost.name}/second`)
    const [recordKey = ''] = await first.list('backups/gates/')
    expect(JSON.parse((await first.read(recordKey)).toString()).copies).toEqual([
      { destination: `s3://${second.name}/second`, archiveUri, problem: null },
      {
        destination: `s3://${lost.name}/second`,
        archiveUri: null,
        problem: expect.stringContaining('NoSuchBucket'),
      },
    ])

    const closed = await runGate(source, first, {
      inputs: { ...inputs, 'on-copy-failure': 'fail' },
      env: copyKeys(),
    })
    expect(closed.annotations.at(-1)?.title).toBe('pre-migration-snapshot: COPY_FAILED')
    expect(closed.outputs['verified-level']).toBe('none')
  }, 60_000)

  it('that reuses a backup looks for its copies', async () => {
    await using source = await createDatabase(lab, USERS)
    await using first = await createBucket(lab)
    await using second = await createBucket(lab)
    await using third = await createBucket(lab)
    const copies = copyLine(second)
    const made = await runGate(source, first, { inputs: { copies }, env: copyKeys() })
    expect(made.exitCode, made.log).toBe(0)

    const reuse = { 'reuse-within': '10m', 'on-copy-failure': 'fail' }
    const open = await runGate(source, first, { inputs: { ...reuse, copies }, env: copyKeys() })
    expect(open.outputs, open.log).toMatchObject({
      'backup-id': made.outputs['backup-id'],
      copies: made.outputs.copies,
    })

    const more = `${copies}\n${copyLine(third)}`
    const closed = await runGate(source, first, { inputs: { ...reuse, copies: more }, env: copyKeys() })
    expect(closed.annotations.at(-1)?.title).toBe('pre-migration-snapshot: COPY_FAILED')
    expect(closed.annotations.at(-1)?.message).toContain(`No copy in s3://${third.name}/second`)
  }, 60_000)
})
