import { filesIn } from './project-file.ts'
import { defineTool } from './tool.ts'

interface DjangoMigration {
  /** `deliveries.0001_initial` */
  readonly key: string
  /** What a squashed migration stands for. */
  readonly replaces: readonly string[]
}

const MIGRATION = /^((?:[^/]+\/)*?([^/]+)\/)migrations\/([^/_~][^/]*)\.py$/

/**
 * Django: the project's own <app>/migrations/*.py against django_migrations(app, name). Apps that were installed with pip
 * (django.contrib too) keep their migrations outside the project: they are not judged.
 */
export const django = defineTool<readonly DjangoMigration[]>({
  name: 'Django',
  places: [
    { folder: '', file: /(^|\/)migrations\/[^/]+\.py$/, depth: 6, isRead: true, marker: 'manage.py' },
    { folder: '', file: /(^|\/)apps\.py$/, depth: 5, isRead: true, marker: 'manage.py' },
  ],
  table: 'django_migrations',
  columns: ['app', 'name'],
  owns: columns => columns.has('app') && columns.has('name'),
  readProject(files) {
    const migrations = filesIn(files, '').flatMap(({ path, text }) => {
      const [, folder = '', app = '', name] = MIGRATION.exec(path) ?? []
      if (name === undefined || !/^class Migration\b/m.test(text)) return []
      const label = appLabel(files.files.get(`${folder}apps.py`)) ?? app
      return [{ key: `${label}.${name}`, replaces: parseReplaces(text) }]
    })
    return migrations.length === 0 ? undefined : { folder: '*/migrations', project: migrations }
  },
  compare(migrations, rows) {
    const recorded = new Set(rows.map(({ app, name }) => `${app}.${name}`))
    const effective = withoutReplaced(migrations, recorded)
    return {
      known: effective.length,
      pending: effective.filter(migration => !isApplied(migration, recorded)).map(({ key }) => key),
      note: 'Apps from packages, django.contrib too, were not looked at.',
    }
  },
})

/**
 * A squashed migration counts from the start, or once all that it stands for has run; half way, what it stands for
 * counts. Source: MigrationLoader.build_graph in Django.
 */
function withoutReplaced(
  migrations: readonly DjangoMigration[],
  recorded: ReadonlySet<string>,
): readonly DjangoMigration[] {
  const dropped = new Set<string>()
  for (const { key, replaces } of migrations) {
    const done = replaces.filter(replaced => recorded.has(replaced)).length
    const isHalfWay = done > 0 && done < replaces.length && !recorded.has(key)
    for (const name of isHalfWay ? [key] : replaces) dropped.add(name)
  }
  return migrations.filter(({ key }) => !dropped.has(key))
}

function isApplied({ key, replaces }: DjangoMigration, recorded: ReadonlySet<string>): boolean {
  return recorded.has(key) || (replaces.length > 0 && replaces.every(replaced => recorded.has(replaced)))
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
