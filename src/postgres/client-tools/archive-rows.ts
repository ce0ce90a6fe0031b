import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ArchiveEntry, renderUseList } from '../../core/backup/archive-toc.ts'
import type { ArchiveTableRows } from '../../core/checks/archive-rows.ts'
import { OperatorError } from '../../core/errors.ts'
import { parseCopyStatement } from '../../core/pg/copy-statement.ts'
import { keyOf, type QualifiedName } from '../../core/pg/qualified-name.ts'
import { reordered, TableDigest } from '../../core/pg/row-digest.ts'
import { decodeText } from '../../core/text/decode-text.ts'
import { CopyScript, type RowTaker } from './copy-rows.ts'
import { toolEnvironment } from './run-tool.ts'
import { chunksUntil, startTool } from './tool-process.ts'

/** The archive to read, and what its tables are in the database that it was restored into. */
interface ArchiveRowsQuestion {
  readonly pgRestore: string
  /** A verified archive in a file. */
  readonly archive: string
  /** The TABLE DATA entries to read. */
  readonly entries: readonly ArchiveEntry[]
  /** Private; a list of the entries is written there. */
  readonly directory: string
  readonly inherited: Readonly<Record<string, string | undefined>>
  /** The partitioned table over a table, or the table itself: what is compared as one. */
  readonly groupOf: (table: QualifiedName) => QualifiedName
  /** Compare the rows of this group in any order. */
  readonly isUnordered: (group: QualifiedName) => boolean
  readonly signal: AbortSignal
}

/** The rows of an archive, and the encoding that its text is in. */
export interface ArchiveRows {
  /** By the key of the group. */
  readonly groups: ReadonlyMap<string, ArchiveTableRows>
  readonly encoding: string
}

/**
 * Where the partitions of a table have its columns in different orders, a row is held in memory to be
 * compared.
 */
const LONGEST_ROW_BYTES = 64 * 1024 * 1024

/**
 * Digests the rows that an archive holds, table by table: pg_restore writes them as COPY text, which is
 * hashed as it comes. Memory does not grow with the rows. Throws RESTORE_FAILED where pg_restore cannot read
 * the archive.
 */
export async function readArchiveRows(question: ArchiveRowsQuestion): Promise<ArchiveRows> {
  const { pgRestore, archive, entries, directory, inherited, signal } = question
  const groups = new Map<string, Group>()
  let encoding = 'UTF8'
  let block = 0
  if (entries.length === 0) return { groups: new Map(), encoding }
  const list = join(directory, 'rows.list')
  await writeFile(list, renderUseList(entries), { mode: 0o600 })
  await using tool = startTool({
    name: 'pg_restore',
    path: pgRestore,
    args: [`--use-list=${list}`, '--file=-', archive],
    env: toolEnvironment(inherited),
    isProgress: () => false,
    failure: { code: 'RESTORE_FAILED', hint: 'Pick another backup: this archive cannot be read.' },
  })
  const script = new CopyScript(
    statement => {
      const entry = entries[block]
      block += 1
      return groupFor(decodeText(statement, encoding), entry, question, groups)
    },
    line => {
      encoding = /^SET client_encoding = '(\w+)';$/.exec(line.toString('latin1'))?.[1] ?? encoding
    },
  )
  for await (const chunk of chunksUntil(signal, tool.stdout)) {
    script.read(chunk)
  }
  await tool.finished
  return { groups: new Map([...groups].map(([key, group]) => [key, group.finish()])), encoding }
}

function groupFor(
  statement: string,
  entry: ArchiveEntry | undefined,
  { groupOf, isUnordered }: ArchiveRowsQuestion,
  groups: Map<string, Group>,
): RowTaker {
  const target = parseCopyStatement(statement)
  if (target === undefined || entry === undefined)
    throw new OperatorError(
      'RESTORE_FAILED',
      `pg_restore wrote a statement that cannot be read: ${statement}`,
      {
        hint: 'Report it with the log of this step.',
      },
    )
  const name = groupOf(target)
  const known = groups.get(keyOf(name))
  const group = known ?? new Group(name, target.columns, isUnordered(name))
  groups.set(keyOf(name), group)
  return group.takerFor(target, target.columns, entry.id)
}

/** The rows of a table, or of all partitions of one. */
class Group {
  readonly #name: QualifiedName
  readonly #columns: readonly string[]
  readonly #isUnordered: boolean
  readonly #digest: TableDigest
  readonly #sources = new Map<string, QualifiedName>()
  readonly #entryIds: string[] = []
  #rows = 0

  constructor(name: QualifiedName, columns: readonly string[], isUnordered: boolean) {
    this.#name = name
    this.#columns = columns
    this.#isUnordered = isUnordered
    this.#digest = new TableDigest(isUnordered)
  }

  takerFor({ schema, name }: QualifiedName, columns: readonly string[], entryId: string): RowTaker {
    this.#sources.set(keyOf({ schema, name }), { schema, name })
    this.#entryIds.push(entryId)
    const order = this.#columns.map(column => columns.indexOf(column))
    const isSameOrder = columns.length === order.length && order.every((at, i) => at === i)
    const digest = isSameOrder ? this.#digest : reordered(this.#digest, order, LONGEST_ROW_BYTES)
    return {
      take: piece => digest.update(piece),
      end: rows => {
        this.#rows += rows
        this.#digest.endTable()
      },
    }
  }

  finish(): ArchiveTableRows {
    return {
      ...this.#name,
      columns: this.#columns,
      sources: [...this.#sources.values()],
      entryIds: this.#entryIds,
      isUnordered: this.#isUnordered,
      rows: this.#rows,
      hash: this.#digest.finish(),
    }
  }
}
