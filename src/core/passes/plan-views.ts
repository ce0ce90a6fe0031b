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

/** Everything that reads a foreign table or calls dblink, directly or through views. */
function readersOfForeignServers(all: readonly ArchiveEntry[]): ReadonlySet<string> {
  const reading = new Set(
    all
      .filter(({ kind, name }) => kind === 'FOREIGN TABLE' || (kind === 'EXTENSION' && name === 'dblink'))
      .map(({ id }) => id),
  )
  // Entries stand after what they depend on.
  for (const { id, dependsOn } of all) if (dependsOn.some(on => reading.has(on))) reading.add(id)
  return reading
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
