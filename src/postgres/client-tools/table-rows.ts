import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { TableRows } from '../../core/checks/archive-rows.ts'
import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import { quoteIdentifier, quoteLiteral, quoteTable } from '../../core/pg/quote.ts'
import { TableDigest } from '../../core/pg/row-digest.ts'
import { RowScanner } from './copy-rows.ts'
import { chunksUntil, startTool } from './tool-process.ts'

/** A table to read, and how. */
interface RowSource extends QualifiedName {
  readonly columns: readonly string[]
  /** A partitioned table: COPY alone would read none of its rows. */
  readonly isPartitioned: boolean
  /** The WHERE clause of an extension's configuration table; empty for all rows. */
  readonly condition: string
}

/** Tables whose rows are digested as those of one. */
export interface RowGroup extends QualifiedName {
  readonly sources: readonly RowSource[]
  readonly isUnordered: boolean
}

interface TableRowsQuestion {
  readonly psql: string
  /** From connectionEnvironment. */
  readonly env: Readonly<Record<string, string>>
  readonly groups: readonly RowGroup[]
  /** Settings that decide how a value prints, as the session of the dump had them. */
  readonly settings: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Tables that are asked for in one round trip, and whose locks are held together. */
const BATCH = 50

/** What pg_dump sets in its session, and what keeps a database from answering otherwise. */
const SESSION = {
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  extra_float_digits: '3',
  synchronize_seqscans: 'off',
  search_path: '',
  row_security: 'off',
  quote_all_identifiers: 'off',
  default_transaction_read_only: 'on',
  max_parallel_workers_per_gather: '0',
  restrict_nonsystem_relation_kind: 'view, foreign-table',
  statement_timeout: '0',
  lock_timeout: '60s',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
} as const

/**
 * Digests the rows of tables as COPY text, in the form in which pg_dump reads them. psql takes them in C,
 * several times faster than a driver that makes an event of every row. Memory does not grow with the rows.
 * Throws what the server answers: DATABASE_PRIVILEGES, DATABASE_LOCKED, DATABASE_UNREACHABLE, or
 * DATABASE_FAILED.
 */
export async function readTableRows({
  psql,
  env,
  groups,
  settings,
  signal,
}: TableRowsQuestion): Promise<readonly TableRows[]> {
  if (groups.length === 0) return []
  await using tool = startTool({
    name: 'psql',
    path: psql,
    args: ['--no-psqlrc', '--no-password', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1'],
    env,
    hasInput: true,
    isProgress: line => /^(psql:[^ ]* )?(DETAIL|CONTEXT|NOTICE|WARNING):/.test(line),
    failure: { code: 'DATABASE_FAILED', hint: 'Look at the log of the server at this time.' },
  })
  const token = `rows-end-${randomBytes(16).toString('hex')}`
  const asked = ask(tool.stdin, groups, { ...settings, ...SESSION }, token)
  // A pipe that breaks says that psql has ended; why is for psql to say.
  asked.catch(() => {})
  const answer = new Answer(groups, token)
  for await (const chunk of chunksUntil(signal, tool.stdout)) {
    answer.read(chunk)
  }
  await tool.finished
  return answer.rows()
}

async function ask(
  input: Writable,
  groups: readonly RowGroup[],
  settings: Readonly<Record<string, string>>,
  token: string,
): Promise<void> {
  const write = async (sql: string) => {
    if (!input.write(`${sql}\n`)) await once(input, 'drain')
  }
  const end = `COPY (VALUES ('${token}')) TO STDOUT`
  await write(`${setSettings(settings)} \\; ${end};`)
  const statements = groups.flatMap(({ sources }) => sources.map(source => copyStatement(source)))
  for (let i = 0; i < statements.length; i += BATCH)
    await write(
      `${statements
        .slice(i, i + BATCH)
        .map(statement => `${statement} \\; ${end}`)
        .join(' \\; ')};`,
    )
  input.end()
}

/** Of the settings those that this server knows: transaction_timeout is new in 17. */
function setSettings(settings: Readonly<Record<string, string>>): string {
  const wanted = Object.entries(settings)
    .map(([name, value]) => `(${quoteLiteral(name)}, ${quoteLiteral(value)})`)
    .join(', ')
  return `SELECT pg_catalog.set_config(s.name, w.value, false) FROM (VALUES ${wanted}) AS w (name, value) JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) OPERATOR(pg_catalog.=) w.name`
}

function copyStatement(source: RowSource): string {
  const { columns, isPartitioned, condition } = source
  const list = columns.map(quoteIdentifier).join(', ')
  if (!isPartitioned && condition === '')
    return `COPY ${quoteTable(source)}${list === '' ? '' : ` (${list})`} TO STDOUT`
  const only = isPartitioned ? '' : 'ONLY '
  return `COPY (SELECT ${list} FROM ${only}${quoteTable(source)} ${condition}) TO STDOUT`
}

/** What psql writes: the settings, then the rows of each source, each up to the token. */
class Answer {
  readonly #scanner: RowScanner
  readonly #digests: ReadonlyArray<{
    readonly digest: TableDigest
    rows: number
    readonly name: QualifiedName
  }>
  /** The digest of each source, in the order in which they were asked for. */
  readonly #sources: readonly number[]
  #next = -1

  constructor(groups: readonly RowGroup[], token: string) {
    this.#scanner = new RowScanner(token)
    this.#digests = groups.map(({ schema, name, isUnordered }) => ({
      digest: new TableDigest(isUnordered),
      rows: 0,
      name: { schema, name },
    }))
    this.#sources = groups.flatMap(({ sources }, group) => sources.map(() => group))
  }

  read(chunk: Buffer): void {
    let bytes: Buffer | undefined = chunk
    while (bytes !== undefined && bytes.length > 0) {
      const group = this.#digests[this.#sources[this.#next] ?? -1]
      bytes = this.#scanner.read(bytes, {
        take: piece => group?.digest.update(piece),
        end: rows => {
          if (group === undefined) return
          group.rows += rows
          group.digest.endTable()
        },
      })
      if (bytes !== undefined) this.#next += 1
    }
  }

  rows(): readonly TableRows[] {
    if (this.#next !== this.#sources.length)
      throw new Error(`psql answered ${this.#next} of ${this.#sources.length} tables`)
    return this.#digests.map(({ name, rows, digest }) => ({ ...name, rows, hash: digest.finish() }))
  }
}
