import { describe, expect, it, test } from 'vitest'
import { adviseOnFailure, refuseNeeded } from '../../../src/core/passes/extension-failure.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'

const extension = archiveEntry(2, 'EXTENSION', 'vector')
const failed = { what: 'extension vector', why: 'extension "vector" is not available', entry: extension }

describe('an extension that a server does not make', () => {
  it('ends the restore where a table needs it and names the table and a real package', () => {
    const table = archiveEntry(5, 'TABLE', 'items', { dependsOn: ['2'] })
    expect(() => refuseNeeded([failed], [extension, table], 'SCRATCH_FAILED')).toThrow(
      expect.objectContaining({
        code: 'SCRATCH_FAILED',
        hint: expect.stringMatching(/postgresql-18-pgvector.*Needed by table items/s),
      }),
    )
  })

  it('points to a drill’s own remedy, and for a restore to mode overwrite', () => {
    const server = archiveEntry(5, 'SERVER', 'elsewhere', { dependsOn: ['2'] })
    const refusal = (code: 'SCRATCH_FAILED' | 'TARGET_UNFIT') => () =>
      refuseNeeded([failed], [extension, server], code)
    expect(refusal('SCRATCH_FAILED')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('scratch-url') }),
    )
    expect(refusal('TARGET_UNFIT')).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^(?!.*scratch-url).*mode overwrite/) }),
    )
  })

  it('is left out where only its comment and its grants depend on it', () => {
    const others = ['COMMENT', 'ACL'].map((kind, i) => archiveEntry(6 + i, kind, 'x', { dependsOn: ['2'] }))
    expect(() => refuseNeeded([failed], [extension, ...others], 'SCRATCH_FAILED')).not.toThrow()
  })

  test.each([
    ['can only create extension in database app', 'pg_cron', /one database of a server only.*mode overwrite/],
    ['pgaudit must be loaded via shared_preload_libraries', 'pgaudit', /shared_preload_libraries/],
    ['permission denied to create extension "x"', 'x', /provider/],
    ['extension "pg_repack" is not available', 'pg_repack', /postgresql-18-repack/],
    ['extension "homemade" is not available', 'homemade', /apt-cache search/],
  ])('comes with advice: %s', (why, name, advice) => {
    expect(adviseOnFailure({ why, entry: archiveEntry(2, 'EXTENSION', name) })).toMatch(advice)
  })
})
