import { type ArchiveEntry, isSuperuserPublication } from '../backup/archive-toc.ts'

/**
 * A superuser can make these, mostly no other role, and no function of the database runs while one is made.
 */
const ALWAYS = [
  'SHELL TYPE',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'ACCESS METHOD',
  'FOREIGN DATA WRAPPER',
  'LANGUAGE',
  'PROCEDURAL LANGUAGE',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  // For a type of the server: only its owner may.
  'TRANSFORM',
  'EVENT TRIGGER',
]

/**
 * The closed list of what a superuser makes in a scratch server. Everything else is made by a role without
 * rights of its own, because making it may run functions of the database: a stored generated column, the
 * bound of a partition of a domain's type, an aggregate with a domain as its state, an index predicate
 * (tried one by one; docs/threat-model.md). Nothing is retried here because it was denied: the archive
 * would choose what runs as superuser.
 */
export function needsSuperuser(entry: ArchiveEntry): boolean {
  if (ALWAYS.includes(entry.kind) || isSuperuserPublication(entry)) return true
  const sql = withoutQuoted(entry.definition)
  switch (entry.kind) {
    case 'TYPE':
      // A base type, or a shell that nothing has filled.
      return /^CREATE TYPE [^(]*(\(\s*INTERNALLENGTH\b|;)/.test(sql)
    case 'FUNCTION':
      return /\bLANGUAGE (c|internal)\b|\bLEAKPROOF\b|\bSUPPORT\b/.test(sql.replace(BODY, ''))
    case 'AGGREGATE':
      return statesOf(sql).length > 0 && statesOf(sql).every(state => state === 'internal')
    case 'CAST':
      return /\bWITHOUT FUNCTION\b/.test(sql) || OWN_TYPES_BY_TEXT.test(sql)
    default:
      return false
  }
}

/**
 * Objects of these kinds stay the superuser's; the others are handed over to the owner of the database once
 * they are made.
 */
export const KEPT_BY_SUPERUSER = [
  'EXTENSION',
  'EVENT TRIGGER',
  'ACCESS METHOD',
  'FOREIGN DATA WRAPPER',
  'LANGUAGE',
  'PROCEDURAL LANGUAGE',
  'PUBLICATION',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'TRANSFORM',
]

/**
 * Between types of the server, by their own text: only a superuser may make such a cast, and its use runs
 * no function of the database. Other types have a schema, and a cast WITH FUNCTION would bring one along.
 */
const OWN_TYPES_BY_TEXT = /^CREATE CAST \((?:pg_catalog\.)?[\w ]+ AS (?:pg_catalog\.)?[\w ]+\) WITH INOUT\b/

/** The body of a function in SQL's own syntax. */
const BODY = /\bBEGIN ATOMIC\b.*|\bRETURN\b.*/s

/** State types of an aggregate, that of its moving form too. */
function statesOf(sql: string): readonly string[] {
  return [...sql.matchAll(/\bM?STYPE = ([^,\s)]+)/g)].map(([, state = '']) => state)
}

/**
 * SQL without what stands in quotes: a default or a body may hold any words. pg_dump writes identifiers in
 * capitals, or such as would be keywords, in quotes.
 */
function withoutQuoted(sql: string): string {
  return sql.replace(/E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$.*?\$\1\$/gs, "''")
}
