import { describe, expect, it } from 'vitest'
import {
  copyFacts,
  copyFailure,
  copyProblems,
  listCopies,
  listFailedCopies,
} from '../../../src/core/backup/copies.ts'

const MADE = { destination: 's3://one', archiveUri: 's3://one/archives/x.dump', problem: null }
const LOST = { destination: 's3://two/p', archiveUri: null, problem: 'It was **away**.' }

describe('what became of copies', () => {
  it('is listed apart: those that exist, and those that failed', () => {
    expect(listCopies([LOST, MADE])).toBe('s3://one/archives/x.dump')
    expect(listFailedCopies([LOST, MADE])).toBe('s3://two/p')
    expect(copyFacts([LOST, MADE])).toHaveLength(1)
    expect(copyProblems([LOST, MADE])).toHaveLength(1)
  })

  it('is text in a summary, not Markdown', () => {
    expect(copyProblems([LOST])[0]).not.toContain('**')
  })

  it('fails the step only where that was asked for, and says that the backup is good', () => {
    expect(copyFailure('id', [MADE, LOST], 'warn')).toBeUndefined()
    expect(copyFailure('id', [MADE], 'fail')).toBeUndefined()
    expect(copyFailure('id', [MADE, LOST], 'fail')).toMatchObject({
      code: 'COPY_FAILED',
      message: 'The backup id is good, but lacks a copy. No copy in s3://two/p: It was **away**.',
    })
  })
})
