import { Readable } from 'node:stream'
import { abortable } from '../../core/abortable.ts'
import { OperatorError } from '../../core/errors.ts'
import { restoreError, saysNothing } from './pg-restore-error.ts'
import { toolEnvironment } from './run-tool.ts'
import { startTool, type ToolProcess } from './tool-process.ts'

interface RestoreOptions {
  /** pg_restore itself. */
  readonly path: string
  /** A file in custom format, verified. */
  readonly archive: string
  /** Tables and indexes restored side by side. */
  readonly jobs: number
  /** Of the target, from connectionEnvironment. */
  readonly env: Readonly<Record<string, string>>
  /** Also what the archive grants to whom; undefined is without. */
  readonly grants?: boolean
  /** What is restored and for whom, in pg_restore's own terms: `--use-list=…`, `--role=…`. */
  readonly args?: readonly string[]
}

/** With --jobs each worker may say why it ended. */
const ERRORS_KEPT = 100

/** A pg_restore that runs. Disposing stops it. */
export interface RunningRestore extends AsyncDisposable {
  /**
   * Resolves after exit code 0; anything else is an OperatorError, of code RESTORE_FAILED where the archive
   * is at fault.
   */
  readonly finished: ToolProcess['finished']
  /** What is being restored: `TABLE DATA users`. */
  readonly currentItem: string | undefined
}

/**
 * Restores an archive into the database of `env`, stopping at the first error: pg_restore's exit code does
 * not tell ignored errors from fatal ones. Owners and grants stay out (runbook §4.2), and tablespaces,
 * which the target need not have. Statistics stay out too: restoring them runs code of the server on data
 * of the archive (CVE-2026-16238).
 */
export function startRestore({
  path,
  archive,
  jobs,
  env,
  grants,
  args = [],
}: RestoreOptions): RunningRestore {
  let currentItem: string | undefined
  let isNoise = false
  const errors: string[] = []
  const tool = startTool({
    name: 'pg_restore',
    path,
    args: [
      '--no-password',
      '--verbose',
      '--exit-on-error',
      '--no-owner',
      ...(grants ? [] : ['--no-acl']),
      '--no-tablespaces',
      '--no-statistics',
      `--jobs=${jobs}`,
      ...args,
      `--dbname=${renderDatabase(env.PGDATABASE ?? '')}`,
      archive,
    ],
    env,
    isProgress: line => {
      const item = /^pg_restore: (?:launching item \d+ |processing |creating )(.*)$/.exec(line)?.[1]
      currentItem = item ?? currentItem
      const error = /^pg_restore: error: (.*)$/.exec(line)?.[1]
      if (error !== undefined && errors.length < ERRORS_KEPT) errors.push(error)
      // DETAIL and CONTEXT quote rows of the database, and some commands hold passwords: they stay out of
      // the log. A line that begins in no known way continues the line before, because names and commands
      // may hold line ends.
      if (/^(DETAIL|CONTEXT):/.test(line) || isSecretCommand(line)) isNoise = true
      else if (/^pg_restore: /.test(line))
        isNoise = !/^pg_restore: (error:|warning:|from TOC entry|detail:|hint:)/.test(line)
      else if (/^(Command was:|ERROR:|HINT:)/.test(line)) isNoise = false
      return isNoise
    },
    failure: { code: 'RESTORE_FAILED', hint: '' },
  })
  const stack = new AsyncDisposableStack()
  stack.use(tool)
  const finished = tool.finished.catch(async error => {
    const explained = restoreError(error, errors)
    const isUnclear = jobs > 1 && saysNothing(explained, errors)
    throw isUnclear ? ((await readDamage(path, archive, env, stack)) ?? explained) : explained
  })
  // A caller that stops early may never look at the outcome.
  finished.catch(() => {})
  return {
    finished,
    get currentItem() {
      return currentItem
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/**
 * Workers of a parallel pg_restore write over each other's words, so that what they say about an archive that
 * they cannot read may be lost. One that reads all of it alone says so: the error of a damaged archive, or
 * undefined. Ends with `stack`.
 */
async function readDamage(
  path: string,
  archive: string,
  env: Readonly<Record<string, string>>,
  stack: AsyncDisposableStack,
): Promise<OperatorError | undefined> {
  if (stack.disposed) return undefined
  const errors: string[] = []
  const tool = stack.use(
    startTool({
      name: 'pg_restore',
      path,
      args: ['--file=/dev/null', archive],
      env,
      isProgress: line => {
        errors.push(...(/^pg_restore: error: (.*)$/.exec(line)?.slice(1) ?? []))
        return false
      },
      failure: { code: 'RESTORE_FAILED', hint: '' },
    }),
  )
  try {
    await tool.finished
    return undefined
  } catch (error) {
    const explained = restoreError(error, errors)
    return explained instanceof OperatorError && explained.facts.blame === 'damage' ? explained : undefined
  }
}

/** CREATE USER MAPPING and its like hold passwords in their options. */
function isSecretCommand(line: string): boolean {
  return /^Command was: (CREATE|ALTER) (USER|ROLE|SERVER|SUBSCRIPTION|FOREIGN DATA WRAPPER)\b/.test(line)
}

/**
 * libpq takes what has an equals sign in it, or begins like a URL, for a connection string: so it gets one.
 */
function renderDatabase(name: string): string {
  return `dbname='${name.replace(/[\\']/g, '\\$&')}'`
}

/**
 * pg_restore, writing the entries of an archive as a script to its output: for a transaction that is open
 * already. A single transaction, because pg_restore otherwise commits after large objects (StartRestoreLOs
 * in pg_backup_archiver.c); its own COMMIT at the end is left out.
 */
export function startScript({
  path,
  archive,
  env,
  grants,
  args = [],
}: Omit<RestoreOptions, 'jobs'>): ToolProcess {
  const errors: string[] = []
  const tool = startTool({
    name: 'pg_restore',
    path,
    args: [
      '--no-owner',
      ...(grants ? [] : ['--no-acl']),
      '--no-tablespaces',
      '--no-statistics',
      '--single-transaction',
      ...args,
      '--file=-',
      archive,
    ],
    env,
    isProgress: line => {
      errors.push(...(/^pg_restore: error: (.*)$/.exec(line)?.slice(1) ?? []))
      return false
    },
    failure: { code: 'RESTORE_FAILED', hint: '' },
  })
  const finished = tool.finished.catch(error => {
    throw restoreError(error, errors)
  })
  finished.catch(() => {})
  return {
    stdout: Readable.from(withoutCommit(tool.stdout, finished), { objectMode: false }),
    stdin: tool.stdin,
    finished,
    [Symbol.asyncDispose]: () => tool[Symbol.asyncDispose](),
  }
}

/** What a script in a single transaction ends with; \\unrestrict came with a minor version. */
const SCRIPT_END =
  /\nCOMMIT;(\n+--\n-- PostgreSQL database dump complete\n--\n+(?:\\unrestrict [A-Za-z0-9]+\n+)?)$/

/** More than SCRIPT_END takes. */
const END_BYTES = 1024

async function* withoutCommit(script: Readable, finished: Promise<unknown>): AsyncGenerator<Buffer> {
  let end: Buffer = Buffer.alloc(0)
  for await (const chunk of script as AsyncIterable<Buffer>) {
    const text = Buffer.concat([end, chunk])
    const from = Math.max(0, text.length - END_BYTES)
    if (from > 0) yield text.subarray(0, from)
    end = text.subarray(from)
  }
  // A pg_restore that failed says why.
  await finished
  const text = end.toString('latin1')
  if (!SCRIPT_END.test(text))
    throw new OperatorError('RESTORE_FAILED', 'The script of pg_restore ends in an unknown way.', {
      hint: 'Use mode new-database or swap, and report this with the version of pg_restore.',
    })
  yield Buffer.from(text.replace(SCRIPT_END, '$1'), 'latin1')
}

/**
 * Lets pg_restore decode every block of an archive without a database. It finds what a checksum cannot: an
 * archive that was written wrongly. Throws GATE_UNVERIFIED with what pg_restore said.
 */
export async function decodeArchive(
  path: string,
  archive: string,
  inherited: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<void> {
  await using tool = startTool({
    name: 'pg_restore',
    path,
    args: ['--file=/dev/null', archive],
    env: toolEnvironment(inherited),
    isProgress: () => false,
    failure: {
      code: 'GATE_UNVERIFIED',
      hint: 'Take a new restore point; if it happens again, report it with the log of this step.',
    },
  })
  await abortable(signal, tool.finished)
}
