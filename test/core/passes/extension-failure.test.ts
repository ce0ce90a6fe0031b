import { describe, expect, it, test } from 'vitest'
import { OperatorError } from '../../../src/core/errors.ts'
import { excuseByExtensions, excuseByLocale, excuseLeftOut } from '../../../src/core/passes/excuses.ts'
import { adviseOnFailure, refuseNeeded } from '../../../src/core/passes/extension-failure.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'
import { sampleCheck } from '../../support/samples/records.ts'

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

describe('an excuse', () => {
  const failure = (message: string) => new OperatorError('RESTORE_FAILED', message, { blame: 'contents' })
  const LOCALE = 'The server has no locale de_DE.'

  test.each([
    'new row for relation "c" violates check constraint "x"',
    'new row for relation "p1" violates partition constraint',
    'could not create unique index "u"',
  ])('by a missing locale takes the blame from the archive: %s', message => {
    expect(excuseByLocale(failure(message), LOCALE)).toMatchObject({
      facts: { blame: 'unknown' },
      message: `${message} ${LOCALE}`,
    })
  })

  it('by a missing locale is none for a failure that no collation explains', () => {
    const error = failure('relation "x" does not exist')
    expect(excuseByLocale(error, LOCALE)).toBe(error)
    expect(excuseByLocale(failure('violates check constraint'), undefined)).toMatchObject({
      facts: { blame: 'contents' },
    })
  })

  it('by an extension that was left out names it', () => {
    expect(excuseByExtensions(failure('function similarity does not exist'), [failed])).toMatchObject({
      facts: { blame: 'unknown' },
      hint: expect.stringContaining('vector'),
    })
  })

  it('makes a check that misses what was left out not measured, and no other', () => {
    const checks = [
      sampleCheck('structure', 'fail', 'extension vector'),
      sampleCheck('exact', 'fail', 'table t'),
    ]
    expect(excuseLeftOut(checks, [failed]).map(({ verdict }) => verdict)).toEqual(['not-measured', 'fail'])
  })
})
