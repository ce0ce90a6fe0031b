import { describe, expect, it, test } from 'vitest'
import {
  differenceOf,
  renderIdentity,
  sourceConfirmation,
} from '../../../src/core/backup/database-identity.ts'

const HERE = { database: 'app', systemIdentifier: '7301' }

describe('whose backup it is', () => {
  it.each([
    ['the same database', HERE, undefined],
    ['another server', { ...HERE, systemIdentifier: '7302' }, '7302'],
    ['another database of the server', { ...HERE, database: 'staging' }, 'staging'],
    ['another database of another server', { database: 'staging', systemIdentifier: '7302' }, '7302'],
    ['an unidentified server', { ...HERE, systemIdentifier: null }, undefined],
    ['another database, unidentified', { database: 'staging', systemIdentifier: null }, 'staging'],
  ])('is confirmed for %s by %s', (_, backup, expected) => {
    expect(sourceConfirmation(backup, HERE)).toBe(expected)
    expect(differenceOf(backup, HERE) === undefined).toBe(expected === undefined)
  })

  it('is confirmed by the database when the target cannot be identified', () => {
    expect(
      sourceConfirmation(
        { database: 'staging', systemIdentifier: '7302' },
        { ...HERE, systemIdentifier: null },
      ),
    ).toBe('staging')
  })

  it('is rendered with its system', () => {
    expect(renderIdentity(HERE)).toBe('app of system 7301')
    expect(renderIdentity({ ...HERE, systemIdentifier: null })).toContain('could not be identified')
  })
})

test.each([
  ['logi', '1', 'logi', '1', undefined],
  ['logi', null, 'logi', '1', undefined],
  ['logi', '1', 'logi', null, undefined],
  ['staging', '1', 'logi', '1', 'it is of the database staging, and this one is logi'],
  ['logi', '1', 'logi', '2', 'it is of a database logi on another server (system identifier 1, not 2)'],
])('a backup of %s on %s, and %s on %s now: %s', (before, idBefore, now, idNow, difference) => {
  const marks = [
    { database: before, systemIdentifier: idBefore },
    { database: now, systemIdentifier: idNow },
  ] as const
  expect(differenceOf(...marks)).toBe(difference)
})
