import { describe, expect, it, test } from 'vitest'
import { OperatorError } from '../../../src/core/errors.ts'
import { excuseByExtensions, excuseByLocale, excuseLeftOut } from '../../../src/core/passes/excuses.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'
import { sampleCheck } from '../../support/samples/records.ts'

const extension = archiveEntry(2, 'EXTENSION', 'vector')
const failed = { what: 'extension vector', why: 'extension "vector" is not available', entry: extension }

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
