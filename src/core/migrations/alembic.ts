import { renderSome } from '../text/counts.ts'
import { filesIn, foldersWith, type ProjectFile, withoutExtension } from './project-file.ts'
import { defineTool, WHOLE } from './tool.ts'

interface AlembicProject {
  readonly revisions: readonly Revision[]
  /** Files in which no revision was found. */
  readonly unclear: readonly string[]
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

/**
 * Alembic (and Flask-Migrate): versions/*.py against alembic_version, which holds the heads of what has run. Everything
 * below a head has run too.
 */
export const alembic = defineTool<AlembicProject>({
  name: 'Alembic',
  places: FOLDERS.map(folder => ({ folder, file: /\.py$/, depth: WHOLE, isRead: true })),
  table: 'alembic_version',
  columns: ['version_num'],
  owns: columns => columns.has('version_num'),
  readProject(files) {
    return foldersWith(FOLDERS, folder => filesIn(files, folder).filter(isSource)).map(
      ({ folder, items }) => ({
        folder,
        project: {
          revisions: items.flatMap(parseRevision),
          unclear: items.filter(file => parseRevision(file).length === 0).map(({ path }) => path),
        },
      }),
    )
  },
  compare({ revisions, unclear }, rows) {
    const byId = new Map(revisions.map(revision => [revision.id, revision]))
    const heads = rows.map(row => row.version_num ?? '')
    const applied = withAncestors(heads, byId)
    const strangers = heads.filter(id => !byId.has(id))
    const holes = missingAncestors(revisions, byId)
    const ends = headsOf(revisions)
    return {
      known: revisions.length,
      pending: inOrder(revisions, byId)
        .filter(({ id }) => !applied.has(id))
        .map(({ name }) => name),
      doubt: describeDoubt(strangers, holes, unclear),
      note:
        ends.length > 1
          ? `The project has ${ends.length} heads (${renderSome(ends, 5)}): upgrade head refuses, upgrade heads runs all.`
          : undefined,
    }
  },
})

function describeDoubt(
  strangers: readonly string[],
  holes: readonly string[],
  unclear: readonly string[],
): string | undefined {
  if (unclear.length > 0) return `${renderSome(unclear, 5)} names no revision that can be read here.`
  if (strangers.length > 0)
    return `The database is at ${renderSome(strangers, 5)}, which is not in the project: Alembic cannot find its way from there. Deploy the commit that has it, or merge it.`
  if (holes.length === 0) return undefined
  return `Revisions build on ${renderSome(holes, 5)}, which is not in the project.`
}

/** What Alembic loads: everything but packages' own files (_only_source_rev_file in alembic/script/base.py). */
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
  // A comment beside it may name other revisions.
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
