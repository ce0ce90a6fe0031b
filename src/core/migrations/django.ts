import { renderSome } from '../text/counts.ts'
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
 * Django: the project's own <app>/migrations/*.py against django_migrations(app, name). Apps that were installed with pip
 * (django.contrib too) keep their migrations outside the project: they are not judged.
 */
export const django = defineTool<DjangoProject>({
  name: 'Django',
  places: [/(^|\/)migrations\/[^/]+\.py$/, /(^|\/)apps\.py$/, SETTINGS].map(file => ({
    folder: '',
    file,
    depth: WHOLE,
    isRead: true,
    marker: 'manage.py',
  })),
  table: 'django_migrations',
  columns: ['app', 'name'],
  owns: columns => columns.has('app') && columns.has('name'),
  readProject(files) {
    const all = filesIn(files, '')
    const migrations = all.flatMap(({ path, text }) => {
      const [, folder = '', app = '', name] = MIGRATION.exec(path) ?? []
      // Django refuses every other module in there (BadMigrationError), so that a class from elsewhere counts too.
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
          ? undefined
          : `MIGRATION_MODULES in ${renderSome(moved, 5)} says where migrations are, and only code can tell.`,
      note: 'Apps from packages, django.contrib too, were not looked at.',
    }
  },
})

/**
 * What Django makes of squashed migrations. One is applied when all that it stands for is recorded, and only then, whatever
 * the table says of itself. It counts from the start and at the end; half way, what it stands for counts.
 * Source: MigrationLoader.build_graph.
 */
function judge(
  migrations: readonly DjangoMigration[],
  recorded: ReadonlySet<string>,
): { readonly effective: readonly DjangoMigration[]; readonly applied: ReadonlySet<string> } {
  const applied = new Set(recorded)
  const dropped = new Set<string>()
  for (const { key, replaces } of migrations.filter(migration => migration.replaces.length > 0)) {
    const done = replaces.filter(replaced => applied.has(replaced)).length
    if (done === replaces.length) applied.add(key)
    else applied.delete(key)
    const isHalfWay = done > 0 && done < replaces.length
    for (const name of isHalfWay ? [key] : replaces) dropped.add(name)
  }
  return { effective: migrations.filter(({ key }) => !dropped.has(key)), applied }
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
