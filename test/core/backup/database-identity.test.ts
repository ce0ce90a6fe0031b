import { expect, test } from 'vitest'
import { differenceOf } from '../../../src/core/backup/database-identity.ts'

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
