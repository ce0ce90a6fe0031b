import { describe, expect, it } from 'vitest'
import { OperatorError } from '../../../src/core/errors.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { readTransactionEnd } from '../../../src/postgres/target/commit-status.ts'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const away = () => {
  throw new OperatorError('DATABASE_UNREACHABLE', 'the database system is in recovery mode', {})
}

/** A server that answers these, one after the other, the last one for ever. */
function server(...answers: ReadonlyArray<string | (() => never)>) {
  let i = 0
  return async () => {
    const answer = answers[Math.min(i, answers.length - 1)] ?? ''
    i += 1
    return typeof answer === 'string' ? answer : answer()
  }
}

describe('how a transaction ended whose answer was lost', () => {
  it('is asked again while the server recovers, and while it is not over', async () => {
    expect(await readTransactionEnd('1', server(away, 'in progress', 'committed'), 5000)).toBe('committed')
    expect(await readTransactionEnd('1', server(away, 'in progress', 'aborted'), 5000)).toBe('rolled-back')
  })

  it('is a rollback where the server that recovered does not know its number', async () => {
    await using database = await createDatabase(theLab())
    await using session = await openSession(parseConnectionUrl(database.url))
    const read = async (sql: string, values: readonly unknown[]) =>
      (await session.row<{ value: string | null }>(sql, values)).value
    expect(await readTransactionEnd('99999999999', read, 5000)).toBe('rolled-back')
  })

  it('stays unknown where nobody says', async () => {
    expect(await readTransactionEnd('1', server(away), 700)).toBe('unknown')
    expect(await readTransactionEnd('1', server('in progress'), 700)).toBe('unknown')
  })
})
