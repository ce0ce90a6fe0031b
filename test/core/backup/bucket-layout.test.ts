import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parseBackupId } from '../../../src/core/backup/backup-id.ts'
import {
  archiveKey,
  drillKey,
  manifestKey,
  manifestPrefix,
  parseDatabaseName,
  parseDestination,
} from '../../../src/core/backup/bucket-layout.ts'

describe('keys', () => {
  const id = parseBackupId('20261123T031500Z-pre-migration-1a2b3c4d')

  it.each([
    ['backups/eu', 'backups/eu/'],
    ['', ''],
  ])('lie where the runbook says, under "%s"', (prefix, start) => {
    const location = { prefix, database: 'logi' }
    expect(archiveKey(location, id, 'dump')).toBe(
      `${start}archives/logi/2026/11/20261123T031500Z-pre-migration-1a2b3c4d.dump`,
    )
    expect(manifestKey(location, id)).toBe(
      `${start}manifests/logi/20261123T031500Z-pre-migration-1a2b3c4d.json`,
    )
    expect(drillKey(location, id.instant, '00000001')).toBe(
      `${start}drills/logi/20261123T031500Z-00000001.json`,
    )
  })

  it('of one database are never found under another', () => {
    const names = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/)
    fc.assert(
      fc.property(names, names, (a, b) => {
        fc.pre(a !== b)
        const key = manifestKey({ prefix: 'p', database: parseDatabaseName(a) }, id)
        expect(key.startsWith(manifestPrefix({ prefix: 'p', database: b }))).toBe(false)
      }),
    )
  })
})

describe('a destination', () => {
  test.each([
    ['s3://bucket', { bucket: 'bucket', prefix: '' }],
    ['s3://bucket/', { bucket: 'bucket', prefix: '' }],
    ['s3://my.bucket-1/a/b/', { bucket: 'my.bucket-1', prefix: 'a/b' }],
    ["s3://bucket/team=ops/it's(1)*!", { bucket: 'bucket', prefix: "team=ops/it's(1)*!" }],
  ])('%s', (text, expected) => {
    expect(parseDestination(text)).toEqual(expected)
  })

  test.each([
    'bucket',
    's3://',
    's3://b',
    's3://Bucket',
    's3://a..b',
    's3://192.168.0.1',
    's3://-bucket',
    's3://bucket/a//b',
    's3://bucket/a b',
    's3://bucket/../b',
    's3://bucket/a/./b',
    's3://bucket/ü',
    's3://bucket/a?b',
    'https://bucket/x',
  ])('is not "%s"', text => {
    expect(() => parseDestination(text)).toThrow(RangeError)
  })
})

describe('a logical name', () => {
  test.each(['logi', 'Logi_2.eu-west', '_x', '9'])('may be %s', name => {
    expect(parseDatabaseName(name)).toBe(name)
  })
  test.each(['', '.', '..', '-x', 'a/b', 'a b', 'ü', 'x'.repeat(64)])('may not be "%s"', name => {
    expect(() => parseDatabaseName(name)).toThrow(RangeError)
  })
})
