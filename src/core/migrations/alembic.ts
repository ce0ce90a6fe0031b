import { renderSome } from '../text/counts.ts'
import { filesIn, foldersMatching, type ProjectFile, withoutExtension } from './project-file.ts'
import { anywhere, defineTool, WHOLE } from './tool.ts'

interface AlembicProject {
  readonly revisions: readonly Revision[]
  /** Files in which no revision was found. */
  readonly unclear: readonly string[]
  /** `version_locations` of an alembic.ini that are no folder found here. */
  readonly unseen: readonly string[]
}

interface Revision {
  readonly id: string
  readonly name: string
  readonly down: readonly string[]
  /** Other branches that must have run before. */
  readonly dependsOn: readonly string[]
}

const FOLDERS = [
  'alembic/versions',
  'migrations/versions',
  'db/alembic/versions',
  'db/versions',
  'app/alembic/versions',
  'src/alembic/versions',
  'src/migrations/versions',
]

/** Also a second line: another alembic.ini, or another section of it, has a folder of its own. */
const FILE = /^((?:.*\/)?versions\/)(?:.+\/)?[^/]+\.py$/

/**
 * Alembic (and Flask-Migrate): versions/*.py against alembic_version, which holds the heads of what has run.
 * Everything below a head has run too. A second line has a table with the same column, under any name
 * (`version_table` in env.py).
 */
export const alembic = defineTool<AlembicProject>({
  name: 'Alembic',
  locations: [
    ...FOLDERS.map(folder => ({ folder, file: /\.py$/, depth: WHOLE, isRead: true })),
    anywhere(/(^|\/)versions\/.*\.py$/, true),
    anywhere(/(^|\/)alembic[^/]*\.ini$/, true),
  ],
  table: 'alembic_version',
  columns: ['version_num'],
  owns: columns => columns.has('version_num'),
  otherTables: /./,
  readProject(files) {
    const folders = foldersMatching(files, FILE)
      .map(({ folder, items }) => ({ folder, items: items.filter(isSource) }))
      // Other packages have a folder of this name too: one revision shows that it is Alembic's.
      .filter(({ folder, items }) =>
        FOLDERS.includes(folder) ? items.length > 0 : items.some(file => parseRevision(file).length > 0),
      )
    const found = new Set(folders.map(({ folder }) => folder))
    const unseen = configuredLocations(filesIn(files, '')).filter(location => !found.has(location))
    return folders.map(({ folder, items }) => ({
      folder,
      project: {
        revisions: items.flatMap(parseRevision),
        unclear: items.filter(file => parseRevision(file).length === 0).map(({ path }) => path),
        unseen,
      },
    }))
  },
  compare({ revisions, unclear, unseen }, rows) {
    const byId = new Map(revisions.map(revision => [revision.id, revision]))
    const heads = rows.map(row => row.version_num ?? '')
    const applied = withAncestors(heads, byId)
    const unknownHeads = heads.filter(id => !byId.has(id))
    const missing = missingAncestors(revisions, byId)
    const ends = headsOf(revisions)
    return {
      known: revisions.length,
      pending: inOrder(revisions, byId)
        .filter(({ id }) => !applied.has(id))
        .map(({ name }) => name),
      doubt: describeDoubt(unknownHeads, missing, unclear, unseen),
      note:
        ends.length > 1
          ? `The project has ${ends.length} heads (${renderSome(ends, 5)}): upgrade head refuses, upgrade heads runs all.`
          : undefined,
    }
  },
})

function describeDoubt(
  unknownHeads: readonly string[],
  missing: readonly string[],
  unclear: readonly string[],
  unseen: readonly string[],
): string | undefined {
  if (unclear.length > 0) return `${renderSome(unclear, 5)} names no revision that can be read here.`
  if (unknownHeads.length > 0)
    return `The database is at ${renderSome(unknownHeads, 5)}, which is not in the project, so Alembic cannot continue. Deploy the commit that has it, or merge it.`
  if (missing.length > 0) return `Revisions build on ${renderSome(missing, 5)}, which is not in the project.`
  if (unseen.length === 0) return undefined
  return `version_locations names ${renderSome(unseen, 5)}, where no revisions were found. Set migrations to a command that lists what is pending.`
}

/** `version_locations = %(here)s/alembic/versions %(here)s/plugins/versions`, as folders of the project. */
function configuredLocations(files: readonly ProjectFile[]): readonly string[] {
  const configured = files.filter(({ name }) => /^alembic[^/]*\.ini$/.test(name))
  return configured.flatMap(({ path, name, text }) => {
    const here = path.slice(0, -name.length)
    const value = /^version_locations\s*=((?:.*)(?:\n[ \t]+\S.*)*)/m.exec(text)?.[1] ?? ''
    return value
      .split(/[\s,;:]+/)
      .filter(location => location !== '' && location !== 'os')
      .map(location => location.replace(/%\(here\)s\/?/, here).replace(/^\.\/|\/$/g, ''))
  })
}

/** What Alembic loads: all but packages' own files (_only_source_rev_file in alembic/script/base.py). */
function isSource({ name }: ProjectFile): boolean {
  return !/^(\.#|__init__)/.test(name)
}

function parseRevision({ name, text }: ProjectFile): readonly Revision[] {
  const [id] = assigned(text, 'revision')
  if (id === undefined) return []
  return [
    {
      id,
      name: withoutExtension(name),
      down: assigned(text, 'down_revision'),
      dependsOn: assigned(text, 'depends_on'),
    },
  ]
}

/** The texts that are assigned to a variable of a module: `x = None`, `x: str = "a"`, `x = ("a", "b")`. */
function assigned(source: string, variable: string): readonly string[] {
  const value = new RegExp(
    `^${variable}\\s*(?::[^=\\n]*)?=\\s*(\\([^)]*\\)|\\[[^\\]]*\\]|[^\\n]*)`,
    'm',
  ).exec(source)?.[1]
  // A comment on the line may name other revisions.
  return [...(value ?? '').replace(/#[^\n]*/g, '').matchAll(/'([^']*)'|"([^"]*)"/g)].map(
    ([, single, double]) => single ?? double ?? '',
  )
}

function parents({ down, dependsOn }: Revision): readonly string[] {
  return [...down, ...dependsOn]
}

function withAncestors(heads: readonly string[], byId: ReadonlyMap<string, Revision>): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [...heads]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const revision = byId.get(id)
    if (revision === undefined || found.has(id)) continue
    found.add(id)
    open.push(...parents(revision))
  }
  return found
}

function missingAncestors(
  revisions: readonly Revision[],
  byId: ReadonlyMap<string, Revision>,
): readonly string[] {
  return [...new Set(revisions.flatMap(({ down }) => down.filter(id => !byId.has(id))))]
}

/** Revisions that no other builds on. */
function headsOf(revisions: readonly Revision[]): readonly string[] {
  const below = new Set(revisions.flatMap(({ down }) => down))
  return revisions.filter(({ id }) => !below.has(id)).map(({ id }) => id)
}

/** Parents before children; a circle ends where it began. */
function inOrder(revisions: readonly Revision[], byId: ReadonlyMap<string, Revision>): readonly Revision[] {
  const ordered = new Set<Revision>()
  const visited = new Set<Revision>()
  // Without recursion: chains of thousands of revisions exist.
  const open = revisions.toReversed().map(revision => ({ revision, isDone: false }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { revision, isDone } = next
    if (isDone) ordered.add(revision)
    if (isDone || visited.has(revision)) continue
    visited.add(revision)
    open.push({ revision, isDone: true })
    for (const id of parents(revision)) {
      const parent = byId.get(id)
      if (parent !== undefined) open.push({ revision: parent, isDone: false })
    }
  }
  return [...ordered]
}
