import { spawn } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import type { Lab } from '../../lab/lab.ts'

/** Everything a database holds, as a plain dump tells it. */
export interface Content {
  /** Over the whole dump. */
  readonly sha256: string
  /** By `schema.name`. */
  readonly tables: ReadonlyMap<string, TableContent>
  /** Over all lines that are not rows: types, tables, indexes, constraints, functions, sequences. */
  readonly structure: string
}

export interface TableContent {
  readonly rows: number
  /** Over the rows, in the order in which they are stored: pg_restore keeps it. */
  readonly sha256: string
}

/**
 * Reads a whole database through pg_dump. Two databases are the same when their plain dumps are: without
 * owners and grants, which depend on the roles of a server, and with a fixed restrict key, which otherwise is
 * random.
 */
export async function readContent(lab: Lab, database: string): Promise<Content> {
  const options = ['--no-owner', '--no-acl', '--restrict-key=demo']
  const child = spawn(join(lab.postgres.binDir, 'pg_dump'), options, {
    env: pgEnvironment(lab, database),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [content, complaint, [exitCode]] = await Promise.all([
    readScript(child.stdout.setEncoding('utf8')),
    text(child.stderr),
    once(child, 'close'),
  ])
  if (exitCode !== 0) throw new Error(`pg_dump of ${database} ended with ${exitCode}: ${complaint}`)
  return content
}

/** Reads a plain dump: rows stand between `COPY … FROM stdin;` and a line with `\.`, one per line. */
export async function readScript(script: AsyncIterable<string>): Promise<Content> {
  const [whole, structure] = [createHash('sha256'), createHash('sha256')]
  const tables = new Map<string, { rows: number; hash: Hash }>()
  let table: { rows: number; hash: Hash } | undefined
  for await (const line of linesOf(script)) {
    whole.update(`${line}\n`)
    if (line === '\\.') table = undefined
    if (table !== undefined) {
      table.rows += 1
      table.hash.update(`${line}\n`)
      continue
    }
    structure.update(`${line}\n`)
    const name = /^COPY ((?:"[^"]*"|[^" ])+) .*FROM stdin;$/.exec(line)?.[1]
    if (name === undefined) continue
    table = { rows: 0, hash: createHash('sha256') }
    tables.set(name, table)
  }
  return {
    sha256: whole.digest('hex'),
    structure: structure.digest('hex'),
    tables: new Map(
      [...tables].map(([name, { rows, hash }]) => [name, { rows, sha256: hash.digest('hex') }]),
    ),
  }
}

/** Only \n ends a line: other line ends may stand in a function's text. */
async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of chunks) {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

function pgEnvironment({ postgres }: Lab, database: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    PGHOST: postgres.host,
    PGPORT: String(postgres.port),
    PGUSER: postgres.user,
    PGPASSWORD: postgres.password,
    PGDATABASE: database,
  }
}
