import { describe, expect, test } from 'vitest'
import { OperatorError } from '../../../src/core/errors.ts'
import { restoreError } from '../../../src/postgres/client-tools/pg-restore-error.ts'

/** The code that the error of a pg_restore gets which said these lines; what it quotes has no prefix. */
function codeOf(...lines: string[]): string {
  const error = new OperatorError(
    'RESTORE_FAILED',
    `pg_restore ended with exit code 1: ${lines.join(' | ')}.`,
  )
  const judged = restoreError(
    error,
    lines.flatMap(line => /^pg_restore: error: (.*)$/.exec(line)?.[1] ?? []),
  )
  return judged instanceof OperatorError ? judged.code : ''
}

describe('an error of pg_restore', () => {
  test.each([
    [
      'DISK_FULL',
      'could not execute query: ERROR:  could not extend file "base/5/1": No space left on device',
    ],
    ['DISK_FULL', 'COPY failed for table "t": ERROR:  could not write to file "x": No space left on device'],
    [
      'DATABASE_UNREACHABLE',
      'connection to server at "::1", port 5432 failed: FATAL:  sorry, too many clients already',
    ],
    ['DATABASE_UNREACHABLE', 'connection to server at "::1", port 5432 failed: Connection refused'],
    ['DATABASE_UNREACHABLE', 'could not execute query: server closed the connection unexpectedly'],
    ['DATABASE_UNREACHABLE', 'error returned by PQputCopyData: server closed the connection unexpectedly'],
    [
      'DATABASE_UNREACHABLE',
      'could not execute query: FATAL:  terminating connection due to administrator command',
    ],
    ['DATABASE_FAILED', 'could not execute query: ERROR:  out of shared memory'],
    ['DATABASE_PRIVILEGES', 'could not execute query: ERROR:  permission denied to create extension "x"'],
    [
      'DATABASE_PRIVILEGES',
      'could not execute query: ERROR:  must be superuser to create FOR ALL TABLES publication',
    ],
    [
      'DATABASE_FAILED',
      'could not execute query: ERROR:  collation "pg_catalog.de_DE.utf8" for encoding "UTF8" does not exist',
    ],
    [
      'DATABASE_FAILED',
      'could not execute query: ERROR:  could not create locale "de_DE.utf8": No such file or directory',
    ],
    [
      'DATABASE_FAILED',
      'could not execute query: ERROR:  pgaudit must be loaded via shared_preload_libraries',
    ],
    [
      'DATABASE_FAILED',
      'could not execute query: ERROR:  pg_cron can only be loaded via shared_preload_libraries',
    ],
    ['DATABASE_FAILED', 'could not execute query: FATAL:  extension "timescaledb" must be preloaded'],
    ['TOOL_FAILED', 'a worker process died unexpectedly'],
    ['RESTORE_FAILED', 'could not execute query: ERROR:  relation "x" does not exist'],
  ])('is %s: %s', (code, message) => {
    expect(codeOf('pg_restore: from TOC entry 1; 2 3 TABLE t owner', `pg_restore: error: ${message}`)).toBe(
      code,
    )
  })

  test.each([
    'could not execute query: ERROR:  relation "permission denied" already exists',
    'could not execute query: ERROR:  type "no connection to the server" does not exist',
    'could not execute query: ERROR:  collation "public.german" for encoding "UTF8" does not exist',
    'could not execute query: ERROR:  relation "x must be loaded via shared_preload_libraries" does not exist',
    'COPY failed for table "out of memory": ERROR:  value too long for type character varying(3)',
    'could not execute query: ERROR:  check constraint "connection to server x failed" is violated by some row',
  ])('is about the archive, whatever its names say: %s', message => {
    expect(codeOf(`pg_restore: error: ${message}`)).toBe('RESTORE_FAILED')
  })

  test('is what the worker said, when the leader adds that the worker ended', () => {
    const ended = 'pg_restore: error: a worker process died unexpectedly'
    const worker = 'pg_restore: error: COPY failed for table "t": ERROR:  invalid input syntax'
    expect(codeOf(worker, ended)).toBe('RESTORE_FAILED')
    expect(codeOf(ended)).toBe('TOOL_FAILED')
  })

  test.each([
    "Command was: CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE ''permission denied''; END';",
    'ERROR:  permission denied, says a comment in the command',
    'server closed the connection unexpectedly',
    'pg_restore: from TOC entry 5; 0 0 COMMENT out of memory: No space left on device',
  ])('is not judged by what it quotes: %s', line => {
    expect(
      codeOf('pg_restore: error: could not execute query: ERROR:  syntax error at or near "x"', line),
    ).toBe('RESTORE_FAILED')
  })

  test.each([
    ['relation "public.p" does not exist', 'makes later'],
    ['relation "p" does not exist', 'without its schema'],
    ['text search configuration "my" does not exist', 'without its schema'],
    ['unrecognized configuration parameter "app.tenant"', 'session-settings'],
    ['new row for relation "a" violates check constraint "c"', 'a trigger if it reads other tables'],
  ])('has its remedy: %s', (said, remedy) => {
    const message = `COPY failed for table "a": ERROR:  ${said}`
    const error = restoreError(new OperatorError('TOOL_FAILED', message), [message])
    expect(error).toMatchObject({ code: 'RESTORE_FAILED', hint: expect.stringContaining(remedy) })
  })
})
