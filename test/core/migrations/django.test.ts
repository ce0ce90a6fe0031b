import { describe, expect, it, test } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

describe('Django', () => {
  const migration = (more = '') => `class Migration(migrations.Migration):\n    dependencies = []\n${more}`
  const replaces = `    replaces = [("shop", "0001_initial"), ("shop", "0002_more")]\n`
  const rows = (...names: readonly string[]) =>
    table(
      'django_migrations',
      names.map((name, i) => ({ id: String(i + 1), app: 'shop', name })),
      { app: 'text', name: 'text' },
    )
  const squashed = {
    'shop/migrations/0001_initial.py': migration(),
    'shop/migrations/0002_more.py': migration(),
    'shop/migrations/0001_squashed_0002_more.py': migration(replaces),
  }

  test.each([
    ['nothing ran', [], ['shop.0001_squashed_0002_more']],
    ['half of what it replaces ran', ['0001_initial'], ['shop.0002_more']],
    ['all of what it replaces ran', ['0001_initial', '0002_more'], []],
    ['it ran itself, with what it replaces', ['0001_squashed_0002_more', '0001_initial', '0002_more'], []],
    // MigrationLoader.build_graph takes what the table says of it back.
    [
      'it is recorded, and nothing of what it replaces',
      ['0001_squashed_0002_more'],
      ['shop.0001_squashed_0002_more'],
    ],
    [
      'it is recorded, and half of what it replaces',
      ['0001_squashed_0002_more', '0001_initial'],
      ['shop.0002_more'],
    ],
  ])('squashes where %s', (_, applied, pending) => {
    expect(detect(squashed, [rows(...applied)]).pending).toEqual(pending)
  })

  it('takes the label of apps.py, and leaves out what is no migration', () => {
    const files = {
      'backend/orders/apps.py':
        "class OrdersConfig(AppConfig):\n    name = 'backend.orders'\n    label = 'shop'\n",
      'backend/orders/migrations/0001_initial.py': migration(),
      'backend/orders/migrations/__init__.py': '',
      'backend/orders/migrations/helpers.py': 'def f(): pass',
    }

    expect(detect(files, [rows()]).pending).toEqual(['shop.0001_initial'])
    expect(detect(files, [rows('0001_initial')]).state).toBe('none')
  })

  it('is unknown where the last row of an app of the project has no file', () => {
    const files = { 'shop/migrations/0001_initial.py': migration() }
    const auth = { id: '9', app: 'auth', name: '0001_initial' }
    const own = rows('0001_initial', '0002_gone')

    expect(detect(files, [{ ...own, rows: [...own.rows, auth] }]).state).toBe('unknown')
    const first = rows('0001_initial')
    expect(detect(files, [{ ...first, rows: [...first.rows, auth] }]).state).toBe('none')
  })

  // As the MigrationExecutor of Django 6.0 plans them.
  test.each([
    ['inner squash half done', ['0001_a'], ['shop.0002_b', 'shop.0003_c']],
    ['inner squash done', ['0001_a', '0002_b', '0001_squashed_0002_b'], ['shop.0003_c']],
    ['all done', ['0001_a', '0002_b', '0003_c'], []],
    ['nothing done', [], ['shop.0001_all']],
  ])('squashes a squash: %s', (_, applied, pending) => {
    const list = (...names: readonly string[]) =>
      `    replaces = [${names.map(name => `("shop", "${name}")`).join(', ')}]\n`
    const files = {
      'shop/migrations/0001_a.py': migration(),
      'shop/migrations/0001_all.py': migration(list('0001_squashed_0002_b', '0003_c')),
      'shop/migrations/0001_squashed_0002_b.py': migration(list('0001_a', '0002_b')),
      'shop/migrations/0002_b.py': migration(),
      'shop/migrations/0003_c.py': migration(),
    }

    expect(detect(files, [rows(...applied)]).pending).toEqual(pending)
  })
})

describe('settings of Django', () => {
  const migration = { 'shop/migrations/0001_initial.py': 'class Migration(migrations.Migration): pass' }
  const rows = table('django_migrations', [{ app: 'shop', name: '0001_initial' }])
  const moved = "MIGRATION_MODULES = {'orders': 'orders.db_migrations'}"

  test.each(['logi/settings.py', 'config/settings/base.py', 'settings_production.py'])(
    'may move migrations: %s',
    path => {
      const report = detect({ ...migration, [path]: moved }, [rows])

      expect(report).toMatchObject({ state: 'unknown' })
      expect(report.why).toContain(`MIGRATION_MODULES in ${path}`)
    },
  )

  it('of tests do not matter, nor does a comment', () => {
    const files = { ...migration, 'config/settings/test.py': moved, 'logi/settings.py': `# ${moved}` }

    expect(detect(files, [rows]).state).toBe('none')
  })

  it('knows a migration whose class comes from elsewhere', () => {
    const files = { ...migration, 'shop/migrations/0002_x.py': 'from shop.base import Migration' }

    expect(detect(files, [rows]).pending).toEqual(['shop.0002_x'])
  })
})
