/**
 * Databases to measure with: `node test/data/bench.ts --kind logi --size 2GiB` makes bench_logi_2gib in the
 * lab, or takes the one that is there, and prints its URL. The same kind and size hold the same rows every
 * time.
 */
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { type Lab, labKeep } from '../../lab/lab.ts'
import { labLog } from '../../lab/log.ts'
import { GIB, KIB, MIB, renderBytes } from '../../src/core/text/bytes.ts'
import { buildLogi } from './logi.ts'

export const BENCH_KINDS = ['logi', 'entropy', 'series', 'tables'] as const
export type BenchKind = (typeof BENCH_KINDS)[number]

/** What a table of kind `tables` takes, with its key, its index and its sequence. */
export const BYTES_PER_TABLE = 43_000

/** What one row of each kind takes in the end, indexes included; measured at 256 MiB. */
const BYTES_PER_ROW: Readonly<Record<BenchKind, number>> = {
  logi: 3070,
  entropy: 2090,
  series: 100,
  tables: BYTES_PER_TABLE,
}

/**
 * Fills an empty database to about the size asked for (`pg_database_size`, within some 10 %).
 * - `logi`: text, jsonb with a GIN index, uuids, foreign keys: what the first user has
 * - `entropy`: bytes that no compressor can shrink: images, encrypted columns
 * - `series`: one huge table of numbers and instants in narrow rows: measurements
 * - `tables`: many tables of a few rows each: a schema per tenant
 */
export async function buildBench(client: Client, kind: BenchKind, bytes: number): Promise<void> {
  const rows = Math.max(1, Math.round(bytes / BYTES_PER_ROW[kind]))
  if (kind === 'logi') return await buildLogi(client, { users: rows })
  if (kind === 'tables') return await buildTables(client, rows)
  await client.query(kind === 'entropy' ? entropy(rows) : series(rows))
  await client.query('VACUUM ANALYZE')
}

/** AES in CBC mode over zeros: deterministic, fast, and looks like noise. */
function entropy(rows: number): string {
  return `BEGIN;
    CREATE EXTENSION pgcrypto;
    CREATE TABLE documents (id uuid NOT NULL, owner uuid NOT NULL, body bytea STORAGE EXTERNAL NOT NULL);
    INSERT INTO documents
      SELECT md5('document ' || i)::uuid, md5('owner ' || i % 5000)::uuid,
        encrypt_iv(zeros, sha256('key'), substr(sha256(i::text::bytea), 1, 16), 'aes-cbc/pad:none')
      FROM (SELECT decode(repeat('00', 1792), 'hex') AS zeros), generate_series(1, ${rows}) AS i;
    ALTER TABLE documents ADD PRIMARY KEY (id);
    CREATE INDEX ON documents (owner);
    COMMIT`
}

/** A thousand sensors that drift, in the order in which they reported. */
function series(rows: number): string {
  return `BEGIN;
    CREATE TABLE readings (
      at timestamptz NOT NULL, sensor integer NOT NULL, value float8 NOT NULL, total numeric(14, 3) NOT NULL,
      quality smallint NOT NULL
    );
    INSERT INTO readings
      SELECT timestamptz '2026-01-01Z' + i * interval '250 ms', i % 1000,
        20 + 5 * sin(i / 50000.0) + (hashint8extended(i, 1) % 1000) / 1000.0,
        round(i * 0.731 + (hashint8extended(i, 2) % 100000) / 1000.0, 3), (i % 97 = 0)::int
      FROM generate_series(1::bigint, ${rows}) AS i;
    CREATE INDEX ON readings (sensor, at);
    CREATE INDEX ON readings USING brin (at);
    COMMIT`
}

/** In pieces: one transaction would need a lock for each of them. */
async function buildTables(client: Client, tables: number): Promise<void> {
  for (let first = 1; first <= tables; first += 500)
    await client.query(`DO $$ BEGIN FOR i IN ${first}..${Math.min(tables, first + 499)} LOOP
      EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, v text NOT NULL, created_at timestamptz DEFAULT now());
        INSERT INTO t%1$s (v) SELECT md5(g::text) FROM generate_series(1, 3) g', i);
    END LOOP; END $$`)
}

/** `2GiB`, `512MiB`, `64KiB`, in bytes. */
export function parseSize(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(KiB|MiB|GiB)$/.exec(text) ?? []
  if (amount === undefined) throw new RangeError(`"${text}" is not a size such as 512MiB or 2GiB`)
  return Number(amount) * ({ KiB: KIB, MiB: MIB, GiB: GIB }[unit] ?? 0)
}

/** Makes the database in the lab, or takes the one that is complete; returns its name. */
export async function ensureBench(lab: Lab, kind: BenchKind, bytes: number): Promise<string> {
  const name = `bench_${kind}_${Math.round(bytes / MIB)}mib`
  const exists = await onDatabase(lab, 'postgres', async client => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    return rowCount === 1
  })
  if (exists) return name
  const making = `${name}_making`
  await onDatabase(lab, 'postgres', async client => {
    await client.query(`DROP DATABASE IF EXISTS ${making} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${making}`)
  })
  await onDatabase(lab, making, client => buildBench(client, kind, bytes))
  await onDatabase(lab, 'postgres', client => client.query(`ALTER DATABASE ${making} RENAME TO ${name}`))
  return name
}

async function onDatabase<T>(
  { postgres }: Lab,
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { host, port, user, password } = postgres
  const client = new Client({ host, port, user, password, database })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { kind: { type: 'string' }, size: { type: 'string', default: '2GiB' } },
  })
  const kind = BENCH_KINDS.find(candidate => candidate === values.kind)
  if (kind === undefined) throw new RangeError(`--kind has to be one of ${BENCH_KINDS.join(', ')}`)
  const started = performance.now()
  const lab = await labKeep()
  const name = await ensureBench(lab, kind, parseSize(values.size))
  const size = await onDatabase(lab, name, client =>
    client.query('SELECT pg_database_size(current_database()) AS n'),
  )
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  labLog.info(`${name} has ${renderBytes(Number(size.rows[0].n))} (${seconds} s)`)
  const { host, port, user, password } = lab.postgres
  process.stdout.write(`postgresql://${user}:${password}@${host}:${port}/${name}\n`)
}

if (import.meta.main) await main()
