import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { parseManifest, renderManifest } from '../../src/core/backup/manifest.ts'
import { createBucket } from '../support/bucket.ts'
import { createHosted } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { refusalsOn, TWO_TABLES } from '../support/restore-refusal.ts'

const MODES = ['new-database', 'swap', 'overwrite'] as const

describe('restore-from-s3 refuses before the first change', () => {
  const lab = theLab()

  const { dump, refusal } = refusalsOn(lab)

  it('a wrong or missing confirmation', async () => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    for (const confirm of ['', 'logi', hosted.name.toUpperCase(), `${hosted.name}2`])
      await refusal(hosted, bucket, 'CONFIRMATION_MISSING', { mode: 'overwrite', confirm })
    for (const mode of MODES)
      for (const dryRun of ['true', 'false'])
        await refusal(hosted, bucket, 'CONFIRMATION_MISSING', { mode, confirm: 'logi', 'dry-run': dryRun })
  })

  it.each(['swap', 'overwrite'])('a partial backup in mode %s', async mode => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    const backup = await dump(hosted, bucket, { tables: 'users' })

    await refusal(hosted, bucket, 'BACKUP_UNUSABLE', { mode, backup })
  })

  it.each(MODES)('a corrupted archive in mode %s', async mode => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const [Key = ''] = await bucket.list('backups/archives/')
    const bytes = Buffer.from(await bucket.read(Key))
    bytes[1000] = (bytes[1000] ?? 0) ^ 1
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: bytes }))

    await refusal(hosted, bucket, 'ARCHIVE_CORRUPT', { mode })
  })

  it.each([
    ['a server of an older major', { version: '19.1' }, 'older than the 19.1'],
    [
      'a missing extension',
      { extensions: [{ name: 'timescaledb', schema: 'public', version: '2.1' }] },
      'timescaledb',
    ],
    ['a missing role', { requiredRoles: ['reporting'] }, 'reporting'],
  ])('%s', async (_, server, words) => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const [Key = ''] = await bucket.list('backups/manifests/')
    const manifest = parseManifest((await bucket.read(Key)).toString(), Key)
    const Body = renderManifest({ ...manifest, server: { ...manifest.server, ...server } })
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body }))

    for (const mode of MODES) {
      const run = await refusal(hosted, bucket, 'TARGET_UNFIT', { mode })
      expect(run.annotations.at(-1)?.message).toContain(words)
    }
  })

  it.each([
    ['allow_audit_purge', 'INVALID_INPUT', 'expected one name=value per line'],
    ['app.allow_audit_purge: yes', 'INVALID_INPUT', 'expected one name=value per line'],
    ['allow_audit_purge=yes', 'INVALID_INPUT', 'unrecognized configuration parameter "allow_audit_purge"'],
    ['work_mem=much', 'INVALID_INPUT', 'invalid value for parameter "work_mem"'],
    ['session_replication_role=replica', 'INVALID_INPUT', 'permission denied to set parameter'],
    ['port=1', 'INVALID_INPUT', 'cannot be changed'],
  ])('the session setting %s', async (setting, code, words) => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    for (const mode of MODES) {
      const run = await refusal(hosted, bucket, code, { mode, 'session-settings': `app.x=1\n${setting}` })
      expect(run.annotations.at(-1)?.message).toContain(words)
      expect(run.annotations.at(-1)?.message).toContain('session-settings')
      expect(run.log).not.toContain('Download')
    }
  })

  it.each([
    ['psql', ['pg_restore', 'pg_dump']],
    ['pg_dump', ['pg_restore', 'psql']],
    ['pg_restore', ['psql', 'pg_dump']],
  ])('a missing %s, before the download', async (missing, there) => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-tools-'))
    try {
      for (const tool of there) {
        const script = `#!/bin/sh\nPATH=/usr/bin:/bin exec ${join(lab.postgres.binDir, tool)} "$@"\n`
        writeFileSync(join(directory, tool), script, { mode: 0o755 })
      }

      const run = await refusal(hosted, bucket, 'TOOL_MISSING', { mode: 'overwrite' }, { PATH: directory })

      expect(run.annotations.at(-1)?.message).toContain(`no ${missing} of PostgreSQL 18`)
      expect(run.log).not.toContain('Download')
      expect(await bucket.list('backups/manifests/')).toHaveLength(1)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('a pg_restore that is older than the pg_dump of the archive', async () => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-tools-'))
    try {
      const script = "#!/bin/sh\necho 'pg_restore (PostgreSQL) 17.9'\n"
      writeFileSync(join(directory, 'pg_restore'), script, { mode: 0o755 })

      const run = await refusal(hosted, bucket, 'TOOL_MISSING', {}, { PATH: `${directory}:/usr/bin:/bin` })

      expect(run.annotations.at(-1)?.message).toContain('no pg_restore of PostgreSQL 18')
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it.each(['swap', 'overwrite'])('a backup without counts in mode %s', async mode => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket, { fingerprint: 'none' })

    await refusal(hosted, bucket, 'BACKUP_UNUSABLE', { mode })
  })
})
