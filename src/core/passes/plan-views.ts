import type { ArchiveEntry } from '../backup/archive-toc.ts'
import { quoteTable } from '../pg/quote.ts'
import type { Attempt, LeftOut, PassFacts } from './pass.ts'

/** A server that does not answer must not hold a restore for longer. */
const FOREIGN_TIMEOUT_MS = 60_000

/**
 * Views that read other servers are not filled in a drill; elsewhere nothing is waited for longer than its
 * timeout.
 */
export function planViews(
  entries: readonly ArchiveEntry[],
  all: readonly ArchiveEntry[],
  { skipForeignServers, viewSettings }: Pick<PassFacts, 'skipForeignServers' | 'viewSettings'>,
): { readonly views: ReadonlyArray<readonly Attempt[]>; readonly leftOut: readonly LeftOut[] } {
  const foreign = readersOfForeignServers(all)
  const refreshes = entries.filter(({ kind }) => kind === 'MATERIALIZED VIEW DATA')
  const skipped = refreshes.filter(entry => skipForeignServers && foreign.has(entry.id))
  const kept = refreshes.filter(entry => !skipped.includes(entry))
  return {
    views: byDependence(kept).map(level =>
      level.map(entry => ({
        what: `materialized view ${renderPlain(entry)}`,
        role: 'owner',
        statements: [
          `REFRESH MATERIALIZED VIEW ${quoteTable({ schema: entry.schema ?? '', name: entry.name })}`,
        ],
        settings: viewSettings,
        ...(foreign.has(entry.id) && { timeoutMs: FOREIGN_TIMEOUT_MS }),
        entry,
      })),
    ),
    leftOut: skipped.map(entry => ({
      what: `rows of the materialized view ${renderPlain(entry)}`,
      why: 'it reads a foreign server, and a drill asks no other server',
      entry,
    })),
  }
}

function renderPlain({ schema, name }: ArchiveEntry): string {
  return schema === null || schema === 'public' ? name : `${schema}.${name}`
}

/**
 * Everything that reads a foreign table or calls dblink, directly, through views, or in the body of a
 * function: a body is text, of which pg_dump notes no dependence, so that a name in it counts.
 */
function readersOfForeignServers(all: readonly ArchiveEntry[]): ReadonlySet<string> {
  const isFirst = ({ kind, name }: ArchiveEntry) =>
    kind === 'FOREIGN TABLE' || (kind === 'EXTENSION' && name === 'dblink')
  const first = all.filter(isFirst)
  const reading = new Set(first.map(({ id }) => id))
  if (first.length === 0) return reading
  const names = new Set(first.map(wordOf))
  const bodies = new Map(
    all.filter(({ kind }) => kind === 'FUNCTION').map(entry => [entry.id, [...new Set(wordsOf(entry))]]),
  )
  for (let before = -1; before < reading.size; ) {
    before = reading.size
    // Entries stand after what they depend on.
    for (const entry of all) {
      const isNamed = bodies.get(entry.id)?.some(word => names.has(word)) ?? false
      if (!isNamed && !entry.dependsOn.some(on => reading.has(on))) continue
      reading.add(entry.id)
      if (/^(FUNCTION|VIEW|MATERIALIZED VIEW)$/.test(entry.kind)) names.add(wordOf(entry))
    }
  }
  return reading
}

/** The name of a function stands before its arguments. */
function wordOf({ name }: ArchiveEntry): string {
  return name.replace(/\(.*/s, '').toLowerCase()
}

/** Words of a body, without the function's own name; `dblink` for any function of dblink. */
function wordsOf(entry: ArchiveEntry): readonly string[] {
  const words = entry.definition.toLowerCase().match(/\w+/g) ?? []
  return words
    .filter(word => word !== wordOf(entry))
    .map(word => (word.startsWith('dblink') ? 'dblink' : word))
}

/** Lists of entries, each of which depends on entries of earlier lists only. */
function byDependence(entries: readonly ArchiveEntry[]): ReadonlyArray<readonly ArchiveEntry[]> {
  const levels = new Map<string, number>()
  const lists: ArchiveEntry[][] = []
  for (const entry of entries) {
    const level = 1 + Math.max(-1, ...entry.dependsOn.map(id => levels.get(id) ?? -1))
    levels.set(entry.id, level)
    lists[level] = [...(lists[level] ?? []), entry]
  }
  return lists
}
