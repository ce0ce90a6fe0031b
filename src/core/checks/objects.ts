import type { Extension, Manifest, ObjectCounts } from '../backup/manifest.ts'
import { parseVersion } from '../pg/version.ts'
import { renderAmount, renderDifference } from '../text/counts.ts'
import type { Check } from './check.ts'

/**
 * From here on the catalogue lists NOT NULL as constraints, so that their number says something else than
 * before.
 */
const NOT_NULL_IS_A_CONSTRAINT = 18

const OBJECTS: ReadonlyArray<readonly [kind: keyof ObjectCounts, one: string, many: string]> = [
  ['indexes', 'index', 'indexes'],
  ['constraints', 'constraint', 'constraints'],
  ['triggers', 'trigger', 'triggers'],
  ['functions', 'function', 'functions'],
  ['policies', 'policy', 'policies'],
  ['views', 'view', 'views'],
  ['largeObjects', 'large object', 'large objects'],
]

/**
 * A missing extension fails. Another version is a note: an archive says CREATE EXTENSION without a version,
 * so the restoring server's default is what a recovery gets, and whether the data is the same is for the
 * content to say. One too many is a note as well: it comes from the server's template, and takes nothing
 * away.
 */
export function extensionChecks({ backup, server }: Manifest, found: readonly Extension[]): readonly Check[] {
  // pg_dump leaves extensions out as soon as tables or schemas are named.
  if (backup.tablePatterns.length + backup.schemaPatterns.length > 0) return []
  const restored = new Map(found.map(extension => [extension.name, extension]))
  const failures = server.extensions.flatMap(extension =>
    extensionFailure(extension, restored.get(extension.name)),
  )
  if (failures.length > 0 || server.extensions.length === 0) return failures
  return [
    {
      group: 'structure',
      name: 'extensions',
      verdict: 'pass',
      expected: server.extensions.map(renderExtension).join(', '),
      found: found.map(renderExtension).join(', '),
      note: extensionNote(server.extensions, restored),
    },
  ]
}

function extensionFailure(expected: Extension, found: Extension | undefined): readonly Check[] {
  if (found?.schema === expected.schema) return []
  return [
    {
      group: 'structure',
      name: `extension ${expected.name}`,
      verdict: 'fail',
      expected: `${expected.version} in schema ${expected.schema}`,
      found: found === undefined ? 'not installed' : `${found.version} in schema ${found.schema}`,
      note: found === undefined ? 'A server to restore to needs it installed before the restore.' : null,
    },
  ]
}

function extensionNote(expected: readonly Extension[], found: ReadonlyMap<string, Extension>): string | null {
  const updated = expected.filter(({ name, version }) => found.get(name)?.version !== version)
  const names = new Set(expected.map(({ name }) => name))
  const added = [...found.keys()].filter(name => !names.has(name))
  const notes = [
    ...(updated.length === 0
      ? []
      : [
          `other version than in the backup: ${updated.map(({ name }) => name).join(', ')} (an archive names no version)`,
        ]),
    ...(added.length === 0 ? [] : [`not from the backup: ${added.join(', ')}`]),
  ]
  return notes.length === 0 ? null : notes.join('; ')
}

function renderExtension({ name, version }: Extension): string {
  return `${name} ${version}`
}

/** Each kind of object of which there are more or fewer, or one line when none differs. */
export function objectChecks(
  expected: ObjectCounts,
  found: ObjectCounts,
  sourceVersion: string,
): readonly Check[] {
  const comparable = OBJECTS.filter(
    ([kind]) => kind !== 'constraints' || parseVersion(sourceVersion).major >= NOT_NULL_IS_A_CONSTRAINT,
  )
  const failures = comparable.filter(([kind]) => expected[kind] !== found[kind])
  if (failures.length > 0) {
    return failures.map(([kind]) => ({
      group: 'structure',
      name: kind,
      verdict: 'fail',
      expected: String(expected[kind]),
      found: `${found[kind]} (${renderDifference(found[kind], expected[kind])})`,
      note: 'Compare the output of pg_restore --list with the restored schema to see which.',
    }))
  }
  const render = (counts: ObjectCounts) =>
    comparable.map(([kind, one, many]) => renderAmount(counts[kind], one, many)).join(', ')
  const note =
    comparable.length === OBJECTS.length
      ? null
      : `Constraints are not compared: PostgreSQL ${sourceVersion} did not count NOT NULL among them.`
  return [
    {
      group: 'structure',
      name: 'objects',
      verdict: 'pass',
      expected: render(expected),
      found: render(found),
      note,
    },
  ]
}
