import {
  type ArchiveEntry,
  type ArchiveSection,
  isOfEventTrigger,
  isOfSubscription,
} from '../backup/archive-toc.ts'
import { KIB } from '../text/bytes.ts'
import type { Attempt, BulkPass, LeftOut, PassFacts, PassRole } from './pass.ts'
import { extensionSchema } from './plan-prerequisites.ts'
import { planViews } from './plan-views.ts'
import { splitStructure } from './split-structure.ts'
import { KEPT_BY_SUPERUSER, needsSuperuser } from './superuser-entries.ts'

/** All passes after the prerequisites, in their order. */
export interface PassPlan {
  /** Structure, then rows: `isParallel` says where pg_restore may use its jobs. */
  readonly before: readonly BulkPass[]
  /**
   * Indexes, constraints and triggers: never together with rows, because an archive that came through a pipe
   * does not say that rows of children come before what belongs to their parent.
   */
  readonly after: readonly BulkPass[]
  /** Those of one list depend on earlier lists only. */
  readonly views: ReadonlyArray<readonly Attempt[]>
  readonly decoration: readonly Attempt[]
  readonly last: readonly BulkPass[]
  readonly leftOut: readonly LeftOut[]
}

/**
 * Orders what an archive holds: structure and rows, then what is built over the rows, materialised views
 * one by one, decoration, and event triggers at the very end, where they no longer fire. Entries in
 * `without` are left out.
 */
export function planPasses(
  all: readonly ArchiveEntry[],
  facts: PassFacts,
  without: ReadonlySet<string> = new Set(),
): PassPlan {
  const sections = effectiveSections(all)
  const madeBefore = new Set(
    all.filter(({ kind }) => kind === 'EXTENSION').map(entry => extensionSchema(entry, all)),
  )
  const entries = all.filter(
    entry =>
      !without.has(entry.id) &&
      entry.kind !== 'EXTENSION' &&
      !isOfSubscription(entry) &&
      !(entry.kind === 'SCHEMA' && madeBefore.has(entry.name)) &&
      (facts.grants || !entry.kind.endsWith('ACL')),
  )
  const roleOf = (entry: ArchiveEntry): PassRole =>
    facts.hasSuperuser && needsSuperuser(entry) ? 'superuser' : 'owner'
  const isDecoration = decorationTest(all)
  const plain = entries.filter(entry => !isDecoration(entry) && !SPECIAL.includes(entry.kind))
  const of = (section: ArchiveSection) =>
    plain.filter(entry => !entry.kind.endsWith('ACL') && sections.get(entry.id) === section)
  const triggers = entries.filter(isOfEventTrigger)
  const { views, leftOut } = planViews(entries, all, facts)
  return {
    before: planStructureAndRows(of('pre-data'), of('data'), roleOf, facts),
    after: [
      ...bulk('indexes and constraints', 'owner', [
        ...of('post-data').filter(entry => roleOf(entry) === 'owner'),
        ...plain.filter(({ kind }) => kind.endsWith('ACL')),
      ]),
      ...bulk(
        'publications',
        'superuser',
        of('post-data').filter(entry => roleOf(entry) === 'superuser'),
      ),
    ],
    views,
    decoration: entries
      .filter(entry => isDecoration(entry) && !isOfEventTrigger(entry))
      .map(entry => decorate(entry, facts)),
    last: facts.skipEventTriggers
      ? []
      : bulk('event triggers', facts.hasSuperuser ? 'superuser' : 'owner', triggers),
    leftOut: [
      ...leftOut,
      ...(facts.skipEventTriggers ? triggers : [])
        .filter(({ kind }) => kind !== 'COMMENT')
        .map(entry => ({
          what: `event trigger ${entry.name}`,
          why: 'this server cannot keep it from firing during the restore',
          entry,
        })),
    ],
  }
}

/** Planned apart from the sections. */
const SPECIAL = ['MATERIALIZED VIEW DATA', 'EVENT TRIGGER']

/**
 * Comments and grants belong to no section of their own: they go where the entry before them goes, as in
 * pg_restore (RestoreArchive in pg_backup_archiver.c, curSection).
 */
function effectiveSections(entries: readonly ArchiveEntry[]): ReadonlyMap<string, ArchiveSection> {
  let current: ArchiveSection = 'pre-data'
  return new Map(
    entries.map(({ id, section }) => {
      if (section !== 'none') current = section
      return [id, current]
    }),
  )
}

/**
 * One pg_restore wherever the role stays the same; the last one brings the rows too, because it writes less
 * WAL for tables that it has made. Where there are many small tables, making them is most of the work.
 */
function planStructureAndRows(
  structure: readonly ArchiveEntry[],
  rows: readonly ArchiveEntry[],
  roleOf: (entry: ArchiveEntry) => PassRole,
  facts: PassFacts,
): readonly BulkPass[] {
  const runs: Array<{ role: PassRole; entries: ArchiveEntry[] }> = []
  for (const entry of structure) {
    const role = roleOf(entry)
    const last = runs.at(-1)
    if (last?.role === role) last.entries.push(entry)
    else runs.push({ role, entries: [entry] })
  }
  const lastRun = runs.at(-1)?.role === 'owner' ? (runs.pop()?.entries ?? []) : []
  const { first, groups, last } = hasManySmallTables(rows, facts)
    ? splitStructure(lastRun)
    : { first: [], groups: [], last: lastRun }
  return [
    ...runs.flatMap(({ role, entries }) => bulk('structure', role, entries)),
    ...bulk('structure', 'owner', first),
    ...bulk('structure', 'owner', groups.flat()).map(pass => ({ ...pass, groups })),
    ...bulk(last.length === 0 ? 'rows' : 'structure and rows', 'owner', [...last, ...rows]),
  ]
}

/** From here on a second pg_restore pays off, which reads the table of contents again. */
const MANY_TABLES = 500
/** What a table may have on average where less WAL for its rows would not be felt. */
const SMALL_TABLE_BYTES = 64 * KIB

function hasManySmallTables(rows: readonly ArchiveEntry[], { archiveBytes }: PassFacts): boolean {
  return rows.length >= MANY_TABLES && archiveBytes < rows.length * SMALL_TABLE_BYTES
}

/** Nothing where there is nothing to restore. */
function bulk(name: BulkPass['name'], role: PassRole, entries: readonly ArchiveEntry[]): readonly BulkPass[] {
  const isParallel = name !== 'structure' && role === 'owner'
  return entries.length === 0 ? [] : [{ name, role, isParallel, entries }]
}

/** What may fail where the object belongs to the provider, and takes nothing away from the data. */
function decorationTest(all: readonly ArchiveEntry[]): (entry: ArchiveEntry) => boolean {
  const made = new Set(all.filter(({ kind }) => kind !== 'EXTENSION').map(({ id }) => id))
  const kept = [...KEPT_BY_SUPERUSER, 'SCHEMA public']
  return ({ kind, name, dependsOn }) =>
    kind === 'SECURITY LABEL' ||
    (kind === 'COMMENT' && kept.some(what => name.startsWith(`${what} `) || name === what)) ||
    (kind === 'ACL' && !dependsOn.some(id => made.has(id)))
}

function decorate(entry: ArchiveEntry, { hasSuperuser }: PassFacts): Attempt {
  const isKept = entry.kind === 'COMMENT' && !entry.name.startsWith('SCHEMA ')
  return {
    what: `${entry.kind.toLowerCase()} on ${entry.name}`,
    role: hasSuperuser && isKept ? 'superuser' : 'owner',
    statements: [entry.definition],
    entry,
  }
}
