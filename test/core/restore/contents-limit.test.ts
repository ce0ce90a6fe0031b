import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import { tooLargeToCompare } from '../../../src/core/restore/contents-limit.ts'
import { GIB } from '../../../src/core/text/bytes.ts'
import { SAMPLE, sampleTable } from '../../support/samples/manifest.ts'

const sized = (databaseBytes: number): Manifest => ({
  ...SAMPLE,
  server: { ...SAMPLE.server, databaseBytes },
  fingerprint: { ...SAMPLE.fingerprint, tables: [sampleTable('big', 99), sampleTable('small', 1)] },
})

describe('the size up to which a restore compares contents', () => {
  it('is 1 GiB of the database', () => {
    expect(tooLargeToCompare(sized(GIB), { of: 'everything' })).toBeUndefined()
    expect(tooLargeToCompare(sized(2 * GIB), { of: 'everything' })).toMatchObject({
      verdict: 'not-measured',
      found: 'The database takes up to 2.00 GiB, and a restore compares up to 1.00 GiB',
      note: expect.stringContaining('A drill of this backup compares every row'),
    })
  })

  it('is that of the chosen tables where only these are restored', () => {
    const small = { of: 'tables', tables: [{ schema: 'public', name: 'small' }] } as const
    expect(tooLargeToCompare(sized(100 * GIB), small)).toBeUndefined()
  })
})
