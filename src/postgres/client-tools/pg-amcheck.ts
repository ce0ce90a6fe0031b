import type { Check } from '../../core/checks/check.ts'
import { errorMessage } from '../../core/errors.ts'
import { renderAmount, renderSome } from '../../core/text/counts.ts'
import { readLines, startTool } from './tool-process.ts'

/** Damaged relations kept by name; a report of more says no more. */
const KEPT_RELATIONS = 1000

interface AmcheckOptions {
  /** Path of pg_amcheck. */
  readonly path: string
  /** Where it connects to, as libpq reads it. */
  readonly env: Readonly<Record<string, string>>
  /** Relations looked at side by side. */
  readonly jobs: number
  readonly signal: AbortSignal
  /** Told `12/275 relations (4%), …` now and then. */
  readonly onProgress: (text: string) => void
}

/**
 * Lets pg_amcheck read every page of every table and index, and look every row up in each index
 * (--heapallindexed, --checkunique). It makes the extension amcheck where that is missing. What it could
 * not do is not measured; what it finds fails.
 */
export async function checkWithAmcheck(options: AmcheckOptions): Promise<Check> {
  const { path, env, jobs, signal, onProgress } = options
  signal.throwIfAborted()
  let looked: string | undefined
  await using tool = startTool({
    name: 'pg_amcheck',
    path,
    args: ['--install-missing', '--heapallindexed', '--checkunique', `--jobs=${jobs}`, '--progress'],
    env,
    isProgress: line => {
      const [text, relations] = /^\s*(?:\d+\/)?(\d+) relations \(.*$/.exec(line) ?? []
      if (text === undefined) return false
      looked = relations
      onProgress(text.trim())
      return true
    },
    failure: { code: 'TOOL_FAILED', hint: '' },
  })
  const damaged = new DamagedRelations()
  readLines(tool.stdout, line => damaged.take(line))
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  )
  // Damage is exit code 2, which the lines before have explained; any other failure explains itself.
  const problem = await Promise.race([tool.finished.then(() => undefined, errorMessage), aborted])
  return toCheck(damaged, problem, Number(looked ?? 0))
}

function toCheck(damaged: DamagedRelations, problem: string | undefined, looked: number): Check {
  const about = {
    group: 'amcheck',
    name: 'amcheck',
    expected: 'every table and index is undamaged',
  } as const
  if (damaged.count > 0)
    return {
      ...about,
      verdict: 'fail',
      found: `${renderAmount(damaged.count, 'damaged relation')}: ${renderSome(damaged.first)}`,
      note: 'The archive holds good rows, but this server cannot keep them so: look for a function in an index that is not immutable, for another version of the collations (libc, ICU), or for bad disks.',
    }
  if (problem !== undefined)
    return {
      ...about,
      verdict: 'not-measured',
      found: problem.replace(/\.$/, ''),
      note: 'pg_amcheck needs the extension amcheck on the scratch server, and a role that may create and use it.',
    }
  return { ...about, verdict: 'pass', found: renderAmount(looked, 'relation'), note: null }
}

/**
 * Follows `btree index "db.schema.name":` or `heap table "…", block 1, offset 2:` and the message below it.
 */
class DamagedRelations {
  /** The first of each relation's messages. */
  readonly #messages = new Map<string, string>()
  #relation: string | undefined

  get count(): number {
    return this.#messages.size
  }

  get first(): readonly string[] {
    return [...this.#messages].map(([relation, message]) => `${relation} (${message})`)
  }

  take(line: string): void {
    const [, kind, path] = /^(heap table|btree index) "(.*)"(?:, block .*)?:$/.exec(line) ?? []
    if (path !== undefined) {
      // Database names are ours here: without dots.
      this.#relation = `${kind === 'heap table' ? 'table' : 'index'} ${path.replace(/^[^.]*\.(public\.)?/, '')}`
    } else if (this.#relation !== undefined && /^ {4}\S/.test(line)) {
      if (!this.#messages.has(this.#relation) && this.#messages.size < KEPT_RELATIONS)
        this.#messages.set(this.#relation, line.trim().replace(/^ERROR: +/, ''))
    }
  }
}
