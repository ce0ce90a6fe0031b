import type { ArchiveEntry, ArchiveSection } from '../backup/archive-toc.ts'
import { quoteIdentifier, quoteTable } from '../pg/quote.ts'
import type { Attempt, BulkPass, LeftOut, PassFacts, PassRole } from './pass.ts'
import { KEPT_BY_SUPERUSER, needsSuperuser } from './superuser-entries.ts'

/** A server that does not answer must not hold a restore for longer. */
const FOREIGN_TIMEOUT_MS = 60_000

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
 * What has to be there before anything else: extensions, with the schemas that they are in. A failure says
 * what the server lacks, and nothing about the archive.
 */
export function planPrerequisites(
  entries: readonly ArchiveEntry[],
  { hasSuperuser }: Pick<PassFacts, 'hasSuperuser'>,
  owner: string | undefined,
): readonly Attempt[] {
  const role: PassRole = hasSuperuser ? 'superuser' : 'owner'
  const authorization = owner === undefined ? '' : ` AUTHORIZATION ${quoteIdentifier(owner)}`
  return entries
    .filter(({ kind }) => kind === 'EXTENSION')
    .map(entry => {
      const schema = extensionSchema(entry, entries)
      return {
        what: `extension ${entry.name}`,
        role,
        statements: [
          ...(schema === undefined
            ? []
            : [`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}${authorization}`]),
          renderCreateExtension(entry),
        ],
        entry,
      }
    })
}

/** Rebuilt from its names: nothing else of the archive's text is run by a superuser here. */
function renderCreateExtension({ name, definition }: ArchiveEntry): string {
  const schema = schemaOf(definition)
  const into = schema === undefined ? '' : ` WITH SCHEMA ${quoteIdentifier(schema)}`
  return `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}${into}`
}

/** pg_dump writes the schema of an extension into its statement only. */
function schemaOf(definition: string): string | undefined {
  const [, written] = /\bWITH SCHEMA ("(?:[^"]|"")*"|[^\s;]+)/.exec(definition) ?? []
  if (written === undefined) return undefined
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written
}

/** The schema of an extension, where the archive makes it. */
function extensionSchema({ definition }: ArchiveEntry, entries: readonly ArchiveEntry[]): string | undefined {
  const schema = schemaOf(definition)
  return entries.some(({ kind, name }) => kind === 'SCHEMA' && name === schema) ? schema : undefined
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
      !entry.kind.startsWith('SUBSCRIPTION') &&
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
    before: planStructureAndRows(of('pre-data'), of('data'), roleOf),
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

/** The trigger itself, or its comment. */
function isOfEventTrigger({ kind, name }: ArchiveEntry): boolean {
  return kind === 'EVENT TRIGGER' || (kind === 'COMMENT' && name.startsWith('EVENT TRIGGER '))
}

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
 * WAL for tables that it has made.
 */
function planStructureAndRows(
  structure: readonly ArchiveEntry[],
  rows: readonly ArchiveEntry[],
  roleOf: (entry: ArchiveEntry) => PassRole,
): readonly BulkPass[] {
  const runs: Array<{ role: PassRole; entries: ArchiveEntry[] }> = []
  for (const entry of structure) {
    const role = roleOf(entry)
    const last = runs.at(-1)
    if (last?.role === role) last.entries.push(entry)
    else runs.push({ role, entries: [entry] })
  }
  const last = runs.at(-1)?.role === 'owner' ? runs.pop() : undefined
  return [
    ...runs.flatMap(({ role, entries }) => bulk('structure', role, entries)),
    ...bulk(last === undefined ? 'rows' : 'structure and rows', 'owner', [...(last?.entries ?? []), ...rows]),
  ]
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

/**
 * Views that read other servers are not filled in a drill; elsewhere nothing is waited for longer than its
 * timeout.
 */
function planViews(
  entries: readonly ArchiveEntry[],
  all: readonly ArchiveEntry[],
  { skipForeignServers }: PassFacts,
): { readonly views: PassPlan['views']; readonly leftOut: readonly LeftOut[] } {
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

/** Everything that reads a foreign table or calls dblink, through whatever number of views. */
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
