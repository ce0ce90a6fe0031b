import type { ByteSource } from '../../core/byte-source.ts'
import { OperatorError } from '../../core/errors.ts'
import { createArchivePipe } from './archive-pipe.ts'
import { startTool } from './tool-process.ts'

export interface DumpReport {
  /** `schema.name` of every table whose contents were dumped, as pg_dump announced them. */
  readonly dumpedTables: DumpedTables
  /** What pg_dump said beyond its progress. A good dump may warn. */
  readonly warnings: readonly string[]
}

interface DumpedTables {
  readonly size: number
  values(): Iterable<string>
  /** `encoding` is that of the database, as PostgreSQL names it. */
  has(name: string, encoding: string): boolean
}

/** A pg_dump that runs. Someone must read `archive` to its end, or dispose it. */
export interface RunningDump extends AsyncDisposable {
  readonly archive: ByteSource
  /** Resolves after exit code 0; anything else is an OperatorError. */
  readonly finished: Promise<DumpReport>
  /** `schema.name` of the table that is being dumped. */
  readonly currentTable: string | undefined
}

interface DumpStart {
  readonly path: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Private, and removed afterwards. */
  readonly directory: string
}

/** Starts pg_dump with the archive on its standard output. Disposing stops it. Throws TOOL_FAILED. */
export async function startDump({ path, args, env, directory }: DumpStart): Promise<RunningDump> {
  const tables = new TableProgress()
  const { writeEnd, source } = await createArchivePipe(directory)
  const tool = startTool({
    name: 'pg_dump',
    path,
    args,
    env,
    output: writeEnd,
    isProgress: line => tables.take(line) || isChatter(line),
    failure: {
      code: 'DUMP_FAILED',
      hint: 'No backup was made. Look at the lines before this one, then run the step again.',
    },
  })
  return {
    archive: source,
    finished: tool.finished.then(warnings => ({ dumpedTables: tables.seen, warnings })),
    get currentTable() {
      return tables.current
    },
    [Symbol.asyncDispose]: async () => {
      source.stop(new OperatorError('CANCELLED', 'pg_dump was stopped.'))
      await tool[Symbol.asyncDispose]()
    },
  }
}

const ANNOUNCEMENT = 'pg_dump: dumping contents of table "'

/**
 * Follows `pg_dump: dumping contents of table "schema.name"`. A name may hold line breaks, and quotes before
 * them: it goes on until pg_dump speaks again.
 */
class TableProgress {
  /** What came after each announcement, with the closing quote. */
  readonly #announced: string[] = []
  #isOpen = false

  get seen(): DumpReport['dumpedTables'] {
    return new TableNames(this.#announced.map(name => name.slice(0, -1)))
  }

  get current(): string | undefined {
    return this.#announced.at(-1)?.replace(/"$/, '')
  }

  /** True when the line was about a table. */
  take(line: string): boolean {
    if (line.startsWith(ANNOUNCEMENT)) {
      this.#announced.push(line.slice(ANNOUNCEMENT.length))
      this.#isOpen = true
    } else if (line.startsWith('pg_dump: ')) {
      this.#isOpen = false
    } else if (this.#isOpen) {
      this.#announced.push(`${this.#announced.pop()}\n${line}`)
    }
    return this.#isOpen
  }
}

/**
 * pg_dump writes names in the encoding of the database. Where that is not UTF-8, its bytes did not decode, or
 * decoded to something else: then what is ASCII in a name has to do.
 */
class TableNames implements DumpedTables {
  readonly #exact: ReadonlySet<string>
  readonly #ascii: ReadonlySet<string>

  constructor(names: readonly string[]) {
    this.#exact = new Set(names)
    this.#ascii = new Set(names.map(asciiOnly))
  }

  get size(): number {
    return this.#exact.size
  }

  values(): Iterable<string> {
    return this.#exact.values()
  }

  has(name: string, encoding: string): boolean {
    return encoding === 'UTF8' ? this.#exact.has(name) : this.#ascii.has(asciiOnly(name))
  }
}

function asciiOnly(name: string): string {
  return name.replace(/[^\u0000-\u007f]+/g, '\uFFFD')
}

/** `pg_dump: reading extensions` and the like: progress without a severity. */
function isChatter(line: string): boolean {
  return /^pg_dump: (?!error:|warning:|detail:|hint:|terminated|fatal:)/.test(line)
}
