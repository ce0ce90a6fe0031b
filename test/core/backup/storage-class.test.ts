import { expect, it } from 'vitest'
import { isColdStorage } from '../../../src/core/backup/storage-class.ts'

it.each([
  ['GLACIER', true],
  ['DEEP_ARCHIVE', true],
  ['GLACIER_IR', false],
  ['STANDARD', false],
  ['', false],
])('an object of class %j has to be restored before it is read: %s', (storageClass, expected) => {
  expect(isColdStorage(storageClass)).toBe(expected)
})
