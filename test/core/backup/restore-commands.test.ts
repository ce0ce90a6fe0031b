import { describe, expect, it } from 'vitest'
import { otherBucketNote, renderRestoreCommands } from '../../../src/core/backup/restore-commands.ts'

const SHA256 = 'a'.repeat(64)
const OBJECT = { key: 'archives/logi/x.dump', sha256: SHA256 }
const STORE = { bucket: 'logi-backups', endpoint: undefined }
const custom = { format: 'custom' } as const

describe('the commands of a restore', () => {
  it('check the file, then restore rows before indexes', () => {
    expect(renderRestoreCommands(OBJECT, STORE, custom).file.split('\n')).toEqual([
      'aws s3 cp s3://logi-backups/archives/logi/x.dump x.dump &&',
      `  echo '${SHA256}  x.dump' | sha256sum --check &&`,
      '  pg_restore --exit-on-error --no-owner --no-acl --section pre-data --section data --jobs 4 --dbname "$TARGET_URL" x.dump &&',
      '  pg_restore --exit-on-error --no-owner --no-acl --section post-data --jobs 4 --dbname "$TARGET_URL" x.dump',
    ])
  })

  it('stream an archive without jobs, which need a file', () => {
    expect(renderRestoreCommands(OBJECT, STORE, custom).stream).toBe(
      'aws s3 cp s3://logi-backups/archives/logi/x.dump - \\\n  | pg_restore --exit-on-error --no-owner --no-acl --dbname "$TARGET_URL"',
    )
  })

  it('leave entries out by a list', () => {
    const filters = ['grep -v EXTENSION', 'grep -v SCHEMA']
    const { file } = renderRestoreCommands(OBJECT, STORE, { ...custom, filters })
    expect(file).toContain(
      '\n  pg_restore --list x.dump | grep -v EXTENSION | grep -v SCHEMA > x.dump.list &&\n',
    )
    expect(file.match(/--use-list x\.dump\.list/g)).toHaveLength(2)
  })

  it.each([
    ['gzip', 'gzip -dc'],
    ['gzip:9', 'gzip -dc'],
    ['lz4:level=3', 'lz4 -dc'],
    ['zstd:3', 'zstd -dc'],
  ])('unpack a plain script of %s, and commit it only when it is whole', (compression, unpack) => {
    const { file, stream } = renderRestoreCommands(OBJECT, STORE, { format: 'plain', compression })
    expect(file).toContain(`{ echo 'BEGIN;' && ${unpack} < x.dump && echo 'COMMIT;' || `)
    expect(stream).toContain(`x.dump - | ${unpack} && echo 'COMMIT;' || `)
  })

  it.each(['none', 'constructor', '__proto__', 'constructor:3', ''])(
    'read a plain script of compression %j as it is',
    compression => {
      const { file, stream } = renderRestoreCommands(OBJECT, STORE, { format: 'plain', compression })
      expect(file).toContain('--single-transaction --dbname "$TARGET_URL" --file x.dump')
      expect(stream).toMatch(/^\{ echo 'BEGIN;' && aws s3 cp \S+ - && echo 'COMMIT;'/)
    },
  )

  it('quote what a forged manifest writes into a key', () => {
    const { file, stream } = renderRestoreCommands({ ...OBJECT, key: "a/$(id) 'x'" }, STORE, custom)
    const quoted = "'$(id) '\\''x'\\'''"
    expect(file).toContain(` ${quoted} &&`)
    expect(file).toContain(`--dbname "$TARGET_URL" ${quoted}`)
    expect(stream).toContain("'s3://logi-backups/a/$(id) '\\''x'\\''' -")
  })

  it.each(['a/-', '-', 'a/--output=x'])('name a file and no option for the key %j', key => {
    const { file } = renderRestoreCommands({ ...OBJECT, key }, STORE, custom)
    expect(file).toMatch(/^aws s3 cp \S+ \.\/\S* &&/)
    expect(file).toMatch(/"\$TARGET_URL" \.\/\S*$/)
  })

  it('name the endpoint of another store', () => {
    const { file, stream } = renderRestoreCommands(
      OBJECT,
      { ...STORE, endpoint: 'https://s3.example' },
      custom,
    )
    for (const command of [file, stream])
      expect(command).toMatch(/^aws s3 cp --endpoint-url https:\/\/s3\.example s3:/)
  })
})

describe('a manifest that names another bucket', () => {
  it('is a copy, and commands name the bucket that was asked', () => {
    expect(otherBucketNote({ bucket: 'old' }, { bucket: 'new' })).toBe(
      'The manifest names the bucket old, but it lies in new: this is a copy. Commands name new.',
    )
  })

  it('is not said of its own bucket', () => {
    expect(otherBucketNote({ bucket: 'new' }, { bucket: 'new' })).toBeUndefined()
  })
})
