import { renderSome } from '../text/counts.ts'
import type { MigrationRow } from './migration-report.ts'
import { describeMissingNewest } from './newest-row.ts'
import { filesIn } from './project-file.ts'
import { defineTool, WHOLE } from './tool.ts'

interface DjangoProject {
  readonly migrations: readonly DjangoMigration[]
  /** Settings that put the migrations of an app somewhere else. */
  readonly moved: readonly string[]
}

interface DjangoMigration {
  /** `deliveries.0001_initial` */
  readonly key: string
  /** What a squashed migration stands for. */
  readonly replaces: readonly string[]
}

const MIGRATION = /^((?:[^/]+\/)*?([^/]+)\/)migrations\/([^/_~][^/]*)\.py$/
/** `settings.py`, `settings_production.py`, `config/settings/base.py`. */
const SETTINGS = /(^|\/)settings(\/(?!.*test)[^/]+|(?!_?test)[^/]*)\.py$/

/**
 * Django: the project's own <app>/migrations/*.py against django_migrations(app, name). Apps that were
 * installed with pip (django.contrib too) keep their migrations outside the project: they are not judged.
 */
export const django = defineTool<DjangoProject>({
  name: 'Django',
  locations: [/(^|\/)migrations\/[^/]+\.py$/, /(^|\/)apps\.py$/, SETTINGS].map(file => ({
    folder: '',
    file,
    depth: WHOLE,
    isRead: true,
    marker: 'manage.py',
  })),
  table: 'django_migrations',
  columns: ['id', 'app', 'name'],
  owns: columns => columns.has('app') && columns.has('name'),
  readProject(files) {
    const all = filesIn(files, '')
    const migrations = all.flatMap(({ path, text }) => {
      const [, folder = '', app = '', name] = MIGRATION.exec(path) ?? []
      // Django refuses every other module (BadMigrationError), so a class from elsewhere counts too.
      if (name === undefined || !/\bMigration\b/.test(text)) return []
      const label = appLabel(files.files.get(`${folder}apps.py`)) ?? app
      return [{ key: `${label}.${name}`, replaces: parseReplaces(text) }]
    })
    const moved = all.filter(({ path, text }) => SETTINGS.test(path) && /^\s*MIGRATION_MODULES\b/m.test(text))
    if (migrations.length + moved.length === 0) return []
    return [{ folder: '*/migrations', project: { migrations, moved: moved.map(({ path }) => path) } }]
  },
  compare({ migrations, moved }, rows) {
    const recorded = new Set(rows.map(({ app, name }) => `${app}.${name}`))
    const { effective, applied } = judge(migrations, recorded)
    return {
      known: effective.length,
      pending: effective.filter(({ key }) => !applied.has(key)).map(({ key }) => key),
      doubt:
        moved.length === 0
          ? describeNewest(migrations, rows)
          : `MIGRATION_MODULES in ${renderSome(moved, 5)} moves migrations; only code can tell where to.`,
      note: 'Apps from packages, django.contrib too, were not looked at.',
    }
  },
})

/** Of each app of the project, the row that was recorded last. */
function describeNewest(
  migrations: readonly DjangoMigration[],
  rows: readonly MigrationRow[],
): string | undefined {
  const known = new Set(migrations.flatMap(({ key, replaces }) => [key, ...replaces]))
  const labels = new Set(migrations.map(({ key }) => key.slice(0, key.indexOf('.'))))
  const own = rows.filter(({ app }) => labels.has(app ?? ''))
  for (const recorded of Map.groupBy(own, ({ app }) => app).values()) {
    const doubt = describeMissingNewest(
      recorded.map(({ id, app, name }) => ({ id: `${app}.${name}`, order: id })),
      key => known.has(key),
    )
    if (doubt !== undefined) return doubt
  }
  return undefined
}

interface SquashJudgement {
  readonly effective: readonly DjangoMigration[]
  readonly applied: ReadonlySet<string>
}

/**
 * What Django makes of squashed migrations. One is applied when all that it replaces is recorded, and only
 * then, even where the table lists it. It counts when all or none of that is recorded; in between, what it
 * replaces counts. A squashed migration may be squashed again: then the inner one is settled first, and
 * stands for what it replaces itself. Source: MigrationLoader.replace_migration of Django 6.0.
 */
function judge(migrations: readonly DjangoMigration[], recorded: ReadonlySet<string>): SquashJudgement {
  const squashes = new Map(migrations.filter(({ replaces }) => replaces.length > 0).map(m => [m.key, m]))
  const applied = new Set(recorded)
  const dropped = new Set<string>()
  const settled = new Set<string>()
  const settle = ({ key, replaces }: DjangoMigration): void => {
    if (settled.has(key)) return
    settled.add(key)
    for (const inner of replaces) {
      const squash = squashes.get(inner)
      if (squash !== undefined) settle(squash)
    }
    const replaced = [...resolveReplaced(key, squashes)]
    const done = replaced.filter(name => applied.has(name)).length
    if (done === replaced.length) applied.add(key)
    else applied.delete(key)
    const isHalfWay = done > 0 && done < replaced.length
    for (const name of isHalfWay ? [key] : replaces) dropped.add(name)
  }
  for (const squash of squashes.values()) settle(squash)
  return { effective: migrations.filter(({ key }) => !dropped.has(key)), applied }
}

/** What a squashed migration stands for in the end: names that no other squashed migration replaces. */
function resolveReplaced(
  key: string,
  squashes: ReadonlyMap<string, DjangoMigration>,
  seen: Set<string> = new Set(),
): ReadonlySet<string> {
  const names = new Set<string>()
  seen.add(key)
  for (const name of squashes.get(key)?.replaces ?? []) {
    if (!squashes.has(name)) names.add(name)
    else if (!seen.has(name)) for (const inner of resolveReplaced(name, squashes, seen)) names.add(inner)
  }
  return names
}

function appLabel(appsPy: string | undefined): string | undefined {
  return /^\s+label\s*=\s*['"]([\w.]+)['"]/m.exec(appsPy ?? '')?.[1]
}

function parseReplaces(text: string): readonly string[] {
  const list = /^\s+replaces\s*=\s*\[([\s\S]*?)\]/m.exec(text)?.[1] ?? ''
  return [...list.matchAll(/\(\s*['"]([^'"]+)['"]\s*,\s*['"]([^'"]+)['"]\s*,?\s*\)/g)].map(
    ([, app, name]) => `${app}.${name}`,
  )
}
