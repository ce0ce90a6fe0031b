import { randomBytes } from 'node:crypto'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../../core/errors.ts'
import { restoreError } from './pg-restore-error.ts'
import { PsqlAnswers } from './psql-answers.ts'
import { startTool } from './tool-process.ts'

/** A psql that takes statements and scripts until it is disposed of, or ends because one failed. */
export interface PsqlProcess extends AsyncDisposable {
  readonly stdin: Writable
  /** Never resolves. Rejects when psql ends, which it does by itself only because of an error. */
  readonly lost: Promise<never>
  /** Runs statements to their end, and returns the last lines that they printed. */
  run(sql: string): Promise<readonly string[]>
  /** Does work whose errors are expected: what psql writes about them explains no later end. */
  expectingErrors<T>(work: () => Promise<T>): Promise<T>
}

// No psqlrc, no prompt for a password; rows alone, so that the answers can be read.
const ARGUMENTS = [
  '--no-psqlrc',
  '--no-password',
  '--quiet',
  '--tuples-only',
  '--no-align',
  '--set=ON_ERROR_STOP=1',
  '--set=VERBOSITY=verbose',
]

/** psql stops at the first error, and so says little. */
const KEPT_LINES = 20

export function startPsql(path: string, env: Readonly<Record<string, string>>): PsqlProcess {
  const said: string[] = []
  const isNoise = createNoise()
  let expectsErrors = false
  const tool = startTool({
    name: 'psql',
    path,
    args: ARGUMENTS,
    env,
    hasInput: true,
    hasSqlStates: true,
    isProgress: line => {
      if (isNoise(line) || expectsErrors) return true
      if (said.length < KEPT_LINES) said.push(line.replace(/^psql(: error|:[^ ]*): /, ''))
      return false
    },
    failure: { code: 'RESTORE_FAILED', hint: '' },
  })
  const answers = new PsqlAnswers(tool.stdout)
  const lost = rejectAtEnd(tool.finished, said)
  return {
    stdin: tool.stdin,
    lost,
    run: async sql => {
      const token = `done-${randomBytes(8).toString('hex')}`
      tool.stdin.write(`${sql}\n\\echo ${token}\n`)
      return await Promise.race([answers.until(token), lost])
    },
    expectingErrors: async work => {
      expectsErrors = true
      try {
        return await work()
      } finally {
        // What psql says of it comes by another pipe, and may come a moment later.
        await sleep(STDERR_GRACE_MS)
        expectsErrors = false
      }
    },
    [Symbol.asyncDispose]: () => tool[Symbol.asyncDispose](),
  }
}

/**
 * psql writes an error before it goes on; both pipes are read in the same turn of the event loop, or the
 * next.
 */
const STDERR_GRACE_MS = 10

/** The error of an end that was not asked for, from what psql said until then. */
function rejectAtEnd(finished: Promise<unknown>, said: readonly string[]): Promise<never> {
  const lost = finished.then(
    () => {
      throw new OperatorError('RESTORE_FAILED', 'psql ended before the restore was done.', {
        hint: ROLLED_BACK,
      })
    },
    error => {
      throw rolledBack(restoreError(error, said))
    },
  )
  // It may end when no statement waits for it.
  lost.catch(() => {})
  return lost
}

const ROLLED_BACK = 'Everything was rolled back: the database is as it was before.'

function rolledBack(error: unknown): unknown {
  if (!(error instanceof OperatorError)) return error
  return error.withContext({ hint: hint => `${ROLLED_BACK} ${hint}` })
}

/**
 * DETAIL and CONTEXT quote rows of the database, and the options of user mappings hold passwords: they stay
 * out of the log, with the lines that continue them. No NOTICE or WARNING, and no hint of theirs, ends a
 * restore.
 */
function createNoise(): (line: string) => boolean {
  let isNoise = false
  let isWarning = false
  return line => {
    if (/^(psql:[^ ]* )?(NOTICE|WARNING|ERROR|FATAL):/.test(line))
      isWarning = /^(psql:[^ ]* )?(NOTICE|WARNING):/.test(line)
    if (/^(psql:[^ ]* )?(DETAIL|CONTEXT|NOTICE|WARNING|LOCATION):/.test(line)) isNoise = true
    else if (/^LINE \d+: .*(USER MAPPING|SUBSCRIPTION|OPTIONS|password)/i.test(line)) isNoise = true
    else if (/^(psql:|ERROR:|FATAL:|HINT:|LINE \d)/.test(line)) isNoise = isWarning && /^HINT:/.test(line)
    return isNoise
  }
}
