import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { addAbortSignal, Readable, type Writable } from 'node:stream'
import { type ErrorCode, OperatorError } from '../../core/errors.ts'
import { explain } from '../session/error-rules.ts'

/** A PostgreSQL tool needs this long at most to cancel its query and leave; then it is killed. */
const STOP_GRACE_MS = 3000
/** Lines of stderr kept for an error. */
const KEPT_LINES = 20
/** Longer lines are statements that failed; their head says enough. */
const KEPT_CHARACTERS = 500

export interface ToolProcess extends AsyncDisposable {
  /** Empty when its output goes elsewhere. */
  readonly stdout: Readable
  /** At its end already, unless the tool has input. */
  readonly stdin: Writable
  /**
   * Resolves with what the tool said beyond its progress, after exit code 0; anything else is an
   * OperatorError.
   */
  readonly finished: Promise<readonly string[]>
}

interface ToolStart {
  /** For messages: `pg_dump`. */
  readonly name: string
  readonly path: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The caller writes to its input and ends it. */
  readonly hasInput?: boolean
  /** A descriptor that becomes its standard output, in place of `stdout`. Closed here. */
  readonly output?: number | undefined
  /** psql with VERBOSITY=verbose puts the SQLSTATE before the message: it becomes a field of the error. */
  readonly hasSqlStates?: boolean
  /** Takes a line of progress; true when it was one. */
  readonly isProgress: (line: string) => boolean
  /** The code and hint of a failure that no rule explains. */
  readonly failure: { readonly code: ErrorCode; readonly hint: string }
}

/**
 * Starts a tool that runs long and says much. Both pipes are drained together: a full stderr pipe would
 * stop it. Not through @actions/exec, which has no backpressure and whose children outlive a cancelled job.
 * Disposing stops it: SIGTERM lets it cancel its query on the server, SIGKILL first would leave that
 * running.
 */
export function startTool(start: ToolStart): ToolProcess {
  const { output = 'pipe' } = start
  const child = spawn(start.path, start.args, { env: start.env, stdio: ['pipe', output, 'pipe'] })
  if (output !== 'pipe') closeSync(output)
  const { stdin, stderr, stdout } = child as Pipes
  // A tool that ends early closes its input; `finished` says why.
  stdin.on('error', () => {})
  if (!start.hasInput) stdin.end()
  const said: string[] = []
  let sqlState: string | undefined
  readLines(stderr, full => {
    const { line, state } = start.hasSqlStates ? takeSqlState(full) : { line: full, state: undefined }
    if (start.isProgress(line) || line.trim() === '') return
    sqlState ??= state
    said.push(line.slice(0, KEPT_CHARACTERS))
    if (said.length > KEPT_LINES) said.shift()
  })
  const finished = new Promise<readonly string[]>((resolve, reject) => {
    child.once('error', error => {
      reject(
        new OperatorError('TOOL_FAILED', `${start.name} could not be started: ${error.message}.`, {
          providerCode: 'code' in error && typeof error.code === 'string' ? error.code : error.name,
          cause: error,
        }),
      )
    })
    // Workers that outlive a killed leader keep its pipes, and would be waited for until they are done.
    child.once('exit', (_, signal) => signal !== null && letGo(child))
    child.once('close', (exitCode, signal) => {
      if (exitCode === 0) resolve(said)
      else reject(toolError(start, { exitCode, signal, sqlState }, said))
    })
  })
  // A caller that stops early may never look at the outcome.
  finished.catch(() => {})
  return { stdout: stdout ?? Readable.from([]), stdin, finished, [Symbol.asyncDispose]: () => stop(child) }
}

/** The types of spawn do not know which of the three are pipes when one is a descriptor. */
interface Pipes {
  readonly stdin: Writable
  readonly stdout: Readable | null
  readonly stderr: Readable
}

/** What comes, until the signal ends it with its reason: also while nothing comes. */
export async function* chunksUntil(signal: AbortSignal, stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* addAbortSignal(signal, stream)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/** node:readline would also end a line at a carriage return or at U+2028, which names of tables may hold. */
export function readLines(stream: Readable, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
  stream.on('end', () => {
    // Nothing after the last line end is no line: it would become part of the last table's name.
    if (rest !== '') take(rest)
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const closed = new Promise(resolve => child.once('close', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS)
  child.stdout?.destroy()
  await closed
  clearTimeout(timer)
}

/** Closes the pipes of a process that a signal ended, a moment later: its last words come first. */
function letGo({ stdout, stderr }: ChildProcess): void {
  setTimeout(() => {
    stdout?.destroy()
    stderr?.destroy()
  }, 500).unref()
}

/** `psql:<stdin>:7: ERROR:  55P03: canceling …` without its SQLSTATE, and that. */
function takeSqlState(line: string): { readonly line: string; readonly state: string | undefined } {
  const [, before, state, after] =
    /^((?:psql:[^ ]* )?(?:ERROR|FATAL|PANIC): +)([0-9A-Z]{5}): (.*)$/s.exec(line) ?? []
  return state === undefined ? { line, state } : { line: `${before}${after}`, state }
}

interface ToolEnd {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly sqlState: string | undefined
}

function toolError(
  { name, failure }: ToolStart,
  { exitCode, signal, sqlState }: ToolEnd,
  lines: readonly string[],
): OperatorError {
  // With --jobs the leader adds that a worker ended, after the worker has said why.
  const causes = lines.filter(line => !/a worker process (died|is dead)/.test(line))
  const said = (causes.length > 0 ? causes : lines)
    .map(line => line.replace(new RegExp(`^${name}: (error: )?`), ''))
    .join(' | ')
  const end = signal === null ? `exit code ${exitCode}` : `signal ${signal}`
  const known = explain(said)
  return new OperatorError(
    known?.code ?? failure.code,
    `${name} ended with ${end}${said === '' ? ' and said nothing' : `: ${said}`}.`,
    {
      hint: known?.hint ?? failure.hint,
      exitCode: exitCode ?? undefined,
      signal: signal ?? undefined,
      sqlState,
    },
  )
}
