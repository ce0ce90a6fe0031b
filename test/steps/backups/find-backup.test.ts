import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { type BackupKind, parseBackupId, renderBackupId } from '../../../src/core/backup/backup-id.ts'
import { parseBackupChoice } from '../../../src/core/backup/backup-selector.ts'
import { archiveKey, manifestKey } from '../../../src/core/backup/bucket-layout.ts'
import { type Manifest, renderManifest } from '../../../src/core/backup/manifest.ts'
import { OperatorError } from '../../../src/core/errors.ts'
import { MIB } from '../../../src/core/text/bytes.ts'
import { findBackup, listBackups } from '../../../src/steps/backups/find-backup.ts'
import { createBucket, type TestBucket } from '../../support/bucket.ts'
import { theLab } from '../../support/lab.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'
import { MeddlingProxy, s3Error } from '../../support/storage/meddling-proxy.ts'
import { openStore, type TestStore } from '../../support/storage/test-store.ts'

const lab = theLab()
const location = { prefix: 'backups', database: 'logi' }

/** A bucket with these backups. */
async function withBackups(
  manifests: readonly Manifest[],
  work: (test: TestStore, bucket: TestBucket) => Promise<unknown>,
): Promise<void> {
  await using bucket = await createBucket(lab)
  using test = openStore(lab.s3, bucket.name)
  for (const manifest of manifests)
    await test.store.putJson(
      manifestKey(location, parseBackupId(manifest.backup.id)),
      renderManifest(manifest),
    )
  await work(test, bucket)
}

function backup(snapshotAt: string, kind: BackupKind = 'daily', nonce = '1a2b3c4d'): Manifest {
  const id = renderBackupId({ instant: new Date(snapshotAt), kind, nonce })
  return {
    ...SAMPLE,
    backup: { ...SAMPLE.backup, id, kind, snapshotAt: new Date(snapshotAt).toISOString() },
    object: {
      ...SAMPLE.object,
      key: archiveKey(location, { instant: new Date(snapshotAt), kind, nonce }, 'dump'),
    },
  }
}

async function find(test: TestStore, choice: string): Promise<string> {
  return (await findBackup(parseBackupChoice(choice), location, test.store, test.store.log)).backup.id
}

describe('the choice of a backup', () => {
  it('is the newest full one, whatever else lies there', async () => {
    const full = backup('2026-11-22T03:15:00Z')
    await withBackups(
      [backup('2026-11-21T03:15:00Z'), full, backup('2026-11-23T03:15:00Z', 'partial')],
      async (test, bucket) => {
        await test.store.putJson('backups/manifests/logi/notes.json', '{}\n')
        await test.store.putJson('backups/manifests/logistics/20261124T031500Z-daily-1a2b3c4d.json', '{}\n')
        expect(await find(test, 'latest')).toBe(full.backup.id)
        expect(await bucket.list()).toHaveLength(5)
      },
    )
  })

  it.each([
    ['latest-before:2026-11-22T03:15:00.700Z', '20261121T031500Z'],
    ['latest-before:2026-11-22T03:15:00.701Z', '20261122T031500Z'],
    ['latest-before:2026-11-22T04:15:00.701+01:00', '20261122T031500Z'],
    ['latest-before:2026-11-22T03:15:00.500Z', '20261121T031500Z'],
  ])('%s shows the database before that instant, to the millisecond', async (choice, id) => {
    await withBackups([backup('2026-11-21T03:15:00Z'), backup('2026-11-22T03:15:00.700Z')], async test => {
      expect(await find(test, choice)).toContain(id)
    })
  })

  it('skips a damaged manifest and says so; by its id it is refused, with the others', async () => {
    const [good, bad] = [backup('2026-11-21T03:15:00Z'), backup('2026-11-22T03:15:00Z')]
    await withBackups([good], async test => {
      const key = manifestKey(location, parseBackupId(bad.backup.id))
      await test.store.putJson(key, renderManifest(bad).slice(0, 400))
      expect(await find(test, 'latest')).toBe(good.backup.id)
      expect(test.lines.join('\n')).toContain('Trying the backup before it')
      await expect(find(test, bad.backup.id)).rejects.toMatchObject({
        code: 'MANIFEST_INVALID',
        message: expect.stringContaining(`Newest others: ${good.backup.id}.`),
      })
    })
  })

  it.each([
    ['denied', { status: 403, body: s3Error('AccessDenied') }, 'STORE_DENIED'],
    ['archived', { status: 403, body: s3Error('InvalidObjectState') }, 'BACKUP_UNUSABLE'],
    ['longer than any manifest', { status: 200, body: '', length: 300 * MIB }, 'STORE_CORRUPT'],
  ])('skips a manifest that is %s; by its id it names the others', async (_, answer, code) => {
    const [good, bad] = [backup('2026-11-21T03:15:00Z'), backup('2026-11-22T03:15:00Z')]
    await withBackups([good, bad], async (_, bucket) => {
      await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
      proxy.meddle({ method: 'GET', path: new RegExp(`${bad.backup.id}.json`), times: 99, answer })
      using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
      expect(await find(test, 'latest')).toBe(good.backup.id)
      const error = await find(test, bad.backup.id).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code, message: expect.stringContaining(good.backup.id) })
      expect(error).not.toMatchObject({
        code: 'BACKUP_UNUSABLE',
        hint: expect.stringContaining('credentials'),
      })
    })
  })

  it('skips a manifest whose bytes are not UTF-8: other bytes would read the same', async () => {
    const [good, bad] = [backup('2026-11-21T03:15:00Z'), backup('2026-11-22T03:15:00Z')]
    await withBackups([good], async (test, bucket) => {
      const Key = manifestKey(location, parseBackupId(bad.backup.id))
      const Body = Buffer.from(renderManifest(bad).replace('"logi"', '"log\xff"'), 'latin1')
      await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body }))
      expect(await find(test, 'latest')).toBe(good.backup.id)
      await expect(find(test, bad.backup.id)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    })
  })

  it('reads a manifest again whose bytes changed on the way', async () => {
    const good = backup('2026-11-21T03:15:00Z')
    await withBackups([good], async (_, bucket) => {
      await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
      // A digit of a number: the manifest still parses, with another meaning.
      const at = renderManifest(good).search(/(?<="bytes": )\d/)
      proxy.meddle({ method: 'GET', path: /\.json/, flipReceivedAt: at })
      using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
      const found = await findBackup({ by: 'latest' }, location, test.store, test.store.log)
      expect(found.object.bytes).toBe(good.object.bytes)
      expect(proxy.seen.filter(({ path }) => path.includes('.json'))).toHaveLength(2)
    })
  })

  it('of a copied prefix names the place where it was found', async () => {
    const original = backup('2026-11-21T03:15:00Z')
    await withBackups([], async test => {
      const id = parseBackupId(original.backup.id)
      const copy = { prefix: 'off-site/eu', database: 'logi' }
      await test.store.putJson(manifestKey(copy, id), renderManifest(original))
      const found = await findBackup({ by: 'latest' }, copy, test.store, test.store.log)
      expect(found.object).toMatchObject({ bucket: test.store.bucket, key: archiveKey(copy, id, 'dump') })
      expect(test.lines.join()).toContain('this is a copy')
    })
  })

  it('takes no manifest that speaks of another backup', async () => {
    const [old, other] = [backup('2026-11-21T03:15:00Z'), backup('2026-11-22T03:15:00Z')]
    await withBackups([old], async test => {
      const key = manifestKey(location, parseBackupId(other.backup.id))
      await test.store.putJson(key, renderManifest(old))
      await expect(find(test, other.backup.id)).rejects.toMatchObject({
        code: 'MANIFEST_INVALID',
        message: expect.stringContaining(old.backup.id),
      })
      expect(await find(test, 'latest')).toBe(old.backup.id)
    })
  })

  it.each<[string, Partial<Manifest['backup']>, Partial<Manifest['object']>, string]>([
    ['another database', { database: 'staging' }, {}, 'is that of another database: staging.'],
    [
      'another place, where another archive lies',
      {},
      { key: 'backups/archives/staging/2026/11/20261122T031500Z-daily-1a2b3c4d.dump' },
      'another place: its archive is backups/archives/staging',
    ],
  ])('takes no manifest of %s', async (_, changes, object, why) => {
    const [old, stray] = [backup('2026-11-21T03:15:00Z'), backup('2026-11-22T03:15:00Z')]
    const copied = {
      ...stray,
      backup: { ...stray.backup, ...changes },
      object: { ...stray.object, ...object },
    }
    await withBackups([old, copied], async test => {
      await expect(find(test, stray.backup.id)).rejects.toMatchObject({
        code: 'MANIFEST_INVALID',
        message: expect.stringContaining(why),
      })
      expect(await find(test, 'latest')).toBe(old.backup.id)
    })
  })

  it('for a restore is the newest that pg_restore can take, and says what was skipped', async () => {
    const [old, damaged, plain] = [
      backup('2026-11-21T03:15:00Z'),
      backup('2026-11-22T03:15:00Z'),
      backup('2026-11-23T03:15:00Z'),
    ]
    const script = { ...plain, archive: { ...plain.archive, format: 'plain' } } as const
    await withBackups([old, { ...damaged, version: 2 }, script], async test => {
      const skippedBackups: string[] = []
      const search = { isForRestore: true, onSkipped: (why: string) => skippedBackups.push(why) }
      const found = await findBackup({ by: 'latest' }, location, test.store, test.store.log, search)
      expect(found.backup.id).toBe(old.backup.id)
      expect(skippedBackups).toEqual([
        expect.stringMatching(/20261123T031500Z.* is a plain script/),
        expect.stringMatching(/20261122T031500Z.*version 2/),
      ])
      expect(await find(test, 'latest')).toBe(plain.backup.id)
      expect(await find(test, plain.backup.id)).toBe(plain.backup.id)
    })
  })

  it('says what there is when there is nothing that fits', async () => {
    await withBackups([backup('2026-11-23T03:15:00Z', 'partial')], async test => {
      const error = await find(test, 'latest').catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(OperatorError)
      expect(error).toMatchObject({
        code: 'BACKUP_NOT_FOUND',
        message: expect.stringMatching(/1 backup.*1 of them partial.*2026-11-23/),
      })
      await expect(find(test, '20261101T000000Z-daily-00000000')).rejects.toMatchObject({
        code: 'BACKUP_NOT_FOUND',
        message: expect.stringContaining('20261123T031500Z-partial-1a2b3c4d'),
      })
    })
  })

  it('sees beyond the first page of a listing', async () => {
    await withBackups([backup('2027-01-01T00:00:00Z')], async test => {
      const ids = Array.from({ length: 1005 }, (_, i) => new Date(Date.UTC(2026, 0, 1, 0, 0, i)))
      await Promise.all(
        ids.map(instant =>
          test.store.putJson(manifestKey(location, { instant, kind: 'daily', nonce: '00000000' }), '{}\n'),
        ),
      )
      expect(await listBackups(location, test.store)).toHaveLength(1006)
      expect(await find(test, 'latest')).toBe('20270101T000000Z-daily-1a2b3c4d')
    })
  })

  it('asks for the end of a long history only', async () => {
    await withBackups([backup(new Date(Date.now() - 3_600_000).toISOString())], async (filled, bucket) => {
      const ids = Array.from({ length: 1105 }, (_, i) => new Date(Date.UTC(2026, 0, 1, 0, 0, i)))
      for (let i = 0; i < ids.length; i += 50)
        await Promise.all(
          ids
            .slice(i, i + 50)
            .map(instant =>
              filled.store.putJson(
                manifestKey(location, { instant, kind: 'daily', nonce: '00000000' }),
                '{}\n',
              ),
            ),
        )
      await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
      using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
      await find(test, 'latest')
      expect(proxy.seen.filter(({ path }) => path.includes('list-type=2'))).toHaveLength(1)
    })
  })
})
