import { describe, expect, it, test } from 'vitest'
import { parseBackupId } from '../../../src/core/backup/backup-id.ts'
import { parseBackupChoice } from '../../../src/core/backup/backup-selector.ts'

const ID = '20261101T031500Z-pre-migration-1a2b3c4d'

describe('the choice of a backup', () => {
  it('may be the latest', () => {
    expect(parseBackupChoice('latest')).toEqual({ by: 'latest' })
  })

  test.each([
    ['2026-11-22T03:00:00Z', '2026-11-22T03:00:00.000Z'],
    ['2026-11-22T03:00Z', '2026-11-22T03:00:00.000Z'],
    ['2026-11-22T03:00:00.5+01:00', '2026-11-22T02:00:00.500Z'],
  ])('may be the latest before %s', (text, instant) => {
    expect(parseBackupChoice(`latest-before:${text}`)).toEqual({ by: 'before', instant: new Date(instant) })
  })

  test.each([
    ID,
    `manifests/logi/${ID}.json`,
    `archives/logi/2026/11/${ID}.dump`,
    `s3://bucket/prefix/archives/logi/2026/11/${ID}.sql`,
  ])('may be written %s', text => {
    expect(parseBackupChoice(text)).toEqual({ by: 'id', id: parseBackupId(ID) })
  })

  test.each([
    '',
    'Latest',
    'latest-before:',
    'latest-before:2026-11-22',
    'latest-before:2026-11-22T03:00:00',
    'latest-before:2026-13-22T03:00:00Z',
    'latest-before:2026-11-31T03:00:00Z',
    'latest-before:2026-11-22T03:00 or later Z',
    'latest-before:yesterday',
    `${ID}.tar`,
    `${ID}/`,
  ])('is not %j', text => {
    expect(() => parseBackupChoice(text)).toThrow(RangeError)
  })
})
