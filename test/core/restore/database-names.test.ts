import { describe, expect, it, test } from 'vitest'
import { previousName, restoredName } from '../../../src/core/restore/database-names.ts'

const INSTANT = new Date('2026-11-23T03:15:07.900Z')

describe('names of databases', () => {
  test.each([
    ['logi', 'logi_restored_20261123t031507z', 'logi_before_20261123t031507z'],
    // A restored database that is replaced in turn does not collect suffixes.
    ['logi_restored_20250101t000000z', 'logi_restored_20261123t031507z', 'logi_before_20261123t031507z'],
  ])('of %s', (database, restored, previous) => {
    expect(restoredName(database, INSTANT)).toBe(restored)
    expect(previousName(database, INSTANT)).toBe(previous)
  })

  it('fit into 63 bytes, whole characters and the whole suffix', () => {
    const name = restoredName('데이터베이스'.repeat(5), INSTANT)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
    expect(name).toMatch(/^데이터.*_restored_20261123t031507z$/)
    expect(name).not.toContain('\ufffd')
  })
})
