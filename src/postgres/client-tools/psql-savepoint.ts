import { randomBytes } from 'node:crypto'
import type { PsqlProcess } from './psql-process.ts'

/**
 * psql goes on after an error only with ON_ERROR_STOP off. The statements come from the archive, so that it
 * takes no commands of its own from them (\\restrict).
 */
export async function tryInSavepoint(
  { run, expectingErrors }: Pick<PsqlProcess, 'run' | 'expectingErrors'>,
  statements: readonly string[],
  timeoutMs: number,
): Promise<string | undefined> {
  await run('SAVEPOINT pg_runbook_attempt;')
  await run(`SET LOCAL statement_timeout = ${timeoutMs}; SET LOCAL search_path = '';`)
  for (const statement of statements) {
    const key = randomBytes(16).toString('hex')
    const [failed = '', ...message] = await expectingErrors(() =>
      run(
        `\\set ON_ERROR_STOP off\n\\restrict ${key}\n${statement.trimEnd().replace(/;$/, '')};\n\\unrestrict ${key}\n\\echo :ERROR\n\\echo :LAST_ERROR_MESSAGE\n\\set ON_ERROR_STOP on`,
      ),
    )
    if (failed !== 'true') continue
    await run('ROLLBACK TO SAVEPOINT pg_runbook_attempt; RELEASE SAVEPOINT pg_runbook_attempt;')
    return message.join(' ')
  }
  await run('RELEASE SAVEPOINT pg_runbook_attempt; SET LOCAL statement_timeout = 0;')
  return undefined
}
