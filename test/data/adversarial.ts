import { readFileSync } from 'node:fs'
import type { Client } from 'pg'
import { quoteIdentifier } from '../../src/core/pg/quote.ts'
import { MIB } from '../../src/core/text/bytes.ts'
import { withoutSuperuser } from './adversarial-hosted.ts'

export interface AdversarialOptions {
  /** Size of each of three values that are toasted. */
  readonly hugeBytes?: number
  /**
   * Without what takes a superuser: the connection is that of the database's owner, after prepareAsProvider.
   */
  readonly asOwner?: boolean
}

/**
 * Names that break what splits, quotes, colours or prints them. Each becomes a schema with a table, a column,
 * a sequence, an index and a comment of that name.
 */
export const ADVERSARIAL_NAMES = [
  ' ',
  'two words',
  ' padded ',
  'Mixed Case',
  'select',
  'public.users',
  'quo"te',
  '"',
  '""',
  "apos'trophe",
  'new\nline',
  'quote"\nat the end of a line',
  'carriage\rreturn',
  'tab\tand \\N and \\.',
  'line\u2028separator',
  '\u202eright to left',
  'é',
  'e\u0301',
  '김치 🥬',
  '##[error]name',
  '::error::name',
  '\n::error::on a line of its own',
  '%0A::error::encoded',
  '<b>bold</b><img src=x onerror=alert(1)>',
  '| pipe |',
  '`back`tick```',
  '$(id) `id`',
  '%s %I $1',
  '--comment',
  '/* comment',
  '*',
  '?',
  '-- \\connect',
  'ends with \\',
  'x'.repeat(63),
] as const

/**
 * Builds what databases contain, into an empty one: everything that stock pg_dump and pg_restore survive and
 * that tools around them trip over. Needs PostgreSQL 18 with contrib and ICU, and a superuser unless
 * `asOwner` is set.
 */
export async function buildAdversarial(
  client: Client,
  { hugeBytes = MIB, asOwner = false }: AdversarialOptions = {},
): Promise<void> {
  const all = { types: read('types'), tables: read('tables'), code: read('code') }
  const sql = asOwner ? { ...all, ...withoutSuperuser(all) } : all
  await client.query(sql.types)
  await client.query(sql.tables)
  for (const [index, name] of ADVERSARIAL_NAMES.entries()) await client.query(named(name, index))
  await client.query(dotted())
  await client.query(huge(hugeBytes))
  await client.query(sql.code)
  await leaveInvalidIndex(client)
  await client.query('ANALYZE')
  await spoilSettings(client, asOwner)
}

function read(part: 'types' | 'tables' | 'code'): string {
  return readFileSync(new URL(`adversarial-${part}.sql`, import.meta.url), 'utf8')
}

function named(name: string, index: number): string {
  const id = quoteIdentifier(name)
  const text = `'${name.replace(/'/g, "''").replace(/\\/g, '\\\\')}'`
  // Tables, sequences and indexes share one name space, and 63 bytes.
  const [sequence, unique] = ['seq', 'key'].map(kind => quoteIdentifier(`${name.slice(0, 50)} ${kind}`))
  return `
    CREATE SCHEMA ${id};
    CREATE TABLE ${id}.${id} (${id} text, r integer, rows integer, newest text, content text, created_at timestamptz);
    COMMENT ON TABLE ${id}.${id} IS E${text};
    COMMENT ON COLUMN ${id}.${id}.${id} IS E${text};
    INSERT INTO ${id}.${id} SELECT E${text}, i, i, E${text}, '', timestamptz '2026-01-01Z' + i * interval '1 h' FROM generate_series(0, ${index}) AS i;
    CREATE SEQUENCE ${id}.${sequence};
    SELECT setval('${`${id}.${sequence}`.replace(/'/g, "''")}', ${index + 1});
    ALTER TABLE ${id}.${id} ADD CONSTRAINT ${unique} UNIQUE (r);`
}

/** Schema `a.b` with `c`, and schema `a` with `b.c`: joined by a dot they are the same. */
function dotted(): string {
  return `
    CREATE SCHEMA a;
    CREATE SCHEMA "a.b";
    CREATE TABLE a."b.c" AS SELECT 1 AS n;
    CREATE TABLE "a.b".c AS SELECT generate_series(1, 2) AS n;
    CREATE SEQUENCE a."b.s" START 10;
    CREATE SEQUENCE "a.b".s START 20;
    SELECT nextval('a."b.s"'), nextval('"a.b".s');`
}

/** Bytes that do not compress and are not compressed, text that is, and a document. */
function huge(bytes: number): string {
  const chunks = Math.ceil(bytes / 1024)
  return `
    CREATE TABLE app.huge (id integer PRIMARY KEY, bytes bytea STORAGE EXTERNAL, txt text, doc jsonb);
    INSERT INTO app.huge (id, bytes) SELECT 1, string_agg(public.gen_random_bytes(1024), '') FROM generate_series(1, ${chunks});
    INSERT INTO app.huge (id, txt) SELECT 2, repeat(md5('a') || E'\\t"\\\\\\n' || md5('b'), ${Math.ceil(bytes / 68)});
    INSERT INTO app.huge (id, doc) SELECT 3, jsonb_build_object('long', repeat('0123456789abcde"', ${Math.ceil(bytes / 16)}));`
}

/** A CREATE INDEX CONCURRENTLY that failed leaves an index that no dump contains. */
async function leaveInvalidIndex(client: Client): Promise<void> {
  const duplicates = 'CREATE UNIQUE INDEX CONCURRENTLY left_invalid ON app.points_to_events (region)'
  const failed = await client.query(duplicates).then(
    () => false,
    () => true,
  )
  if (!failed) throw new Error(`${duplicates} was meant to fail`)
}

/** What a database may impose on its sessions. Only pg_restore --create brings these back. */
async function spoilSettings(client: Client, asOwner: boolean): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT quote_ident(current_database()) AS name')
  const database = rows[0]?.name ?? ''
  const settings = {
    statement_timeout: '10s',
    idle_in_transaction_session_timeout: '1s',
    transaction_timeout: '30s',
    lock_timeout: '5s',
    default_transaction_isolation: 'serializable',
    default_transaction_read_only: 'on',
    datestyle: 'German',
    timezone: 'Asia/Kathmandu',
    intervalstyle: 'sql_standard',
    bytea_output: 'escape',
    extra_float_digits: '-15',
    xmloption: 'content',
    row_security: 'off',
    // A name that no extension has announced takes a superuser.
    ...(asOwner ? {} : { 'adversarial.own_setting': `it's "here" %` }),
  }
  for (const [name, value] of Object.entries(settings)) {
    await client.query(`ALTER DATABASE ${database} SET ${name} = '${value.replace(/'/g, "''")}'`)
  }
  await client.query(`ALTER DATABASE ${database} SET search_path = app, types, ext, public`)
  if (!asOwner)
    await client.query(`ALTER ROLE adversarial_reader IN DATABASE ${database} SET work_mem = '8MB'`)
  await client.query(`COMMENT ON DATABASE ${database} IS 'Adversarial, on purpose'`)
}
