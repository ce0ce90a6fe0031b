import type { Readable } from 'node:stream'
import { startTool } from './tool-process.ts'

export interface DumpReport {
  /** `schema.name` of every table whose contents were dumped, as pg_dump announced them. */
  readonly dumpedTables: Pick<ReadonlySet<string>, 'has' | 'size' | 'values'>
  /** What pg_dump said beyond its progress. A good dump may warn. */
  readonly warnings: readonly string[]
}

/** A pg_dump that runs. Someone must read `archive` to its end, or dispose it. */
export interface RunningDump extends AsyncDisposable {
  readonly archive: Readable
  /** Resolves after exit code 0; anything else is an OperatorError. */
  readonly finished: Promise<DumpReport>
  /** `schema.name` of the table that is being dumped. */
  readonly currentTable: string | undefined
}

/** Starts pg_dump with the archive on its standard output. Disposing stops it. */
export function startDump(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningDump {
  const tables = new TableProgress()
  const tool = startTool({
    name: 'pg_dump',
    path,
    args,
    env,
    isProgress: line => tables.take(line) || isChatter(line),
    failure: {
      code: 'DUMP_FAILED',
      hint: 'No backup was made. Look at the lines before this one, then run the step again.',
    },
  })
  return {
    archive: tool.stdout,
    finished: tool.finished.then(warnings => ({ dumpedTables: tables.seen, warnings })),
    get currentTable() {
      return tables.current
    },
    [Symbol.asyncDispose]: () => tool[Symbol.asyncDispose](),
  }
}

const ANNOUNCEMENT = 'pg_dump: dumping contents of table "'

/**
 * Follows `pg_dump: dumping contents of table "schema.name"`. A name may hold line breaks, and quotes before them: it goes on
 * until pg_dump speaks again.
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
 * pg_dump writes names in the encoding of the database. Where that is not UTF-8, its bytes did not decode: then what is
 * ASCII in a name has to do.
 */
class TableNames {
  readonly #exact: ReadonlySet<string>
  readonly #undecoded: ReadonlySet<string>

  constructor(names: readonly string[]) {
    this.#exact = new Set(names)
    this.#undecoded = new Set(names.filter(name => name.includes('\uFFFD')).map(asciiOnly))
  }

  get size(): number {
    return this.#exact.size
  }

  values(): SetIterator<string> {
    return this.#exact.values()
  }

  has(name: string): boolean {
    return this.#exact.has(name) || this.#undecoded.has(asciiOnly(name))
  }
}

function asciiOnly(name: string): string {
  return name.replace(/[^\u0000-\u007f]+/g, '\uFFFD')
}

/** `pg_dump: reading extensions` and the like: progress without a severity. */
function isChatter(line: string): boolean {
  return /^pg_dump: (?!error:|warning:|detail:|hint:|terminated|fatal:)/.test(line)
}
