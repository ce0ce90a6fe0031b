import { createHash } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { flywayChecksum } from '../../../src/core/migrations/flyway-checksum.ts'
import { detect, table } from '../../support/migration-sides.ts'

describe('Rails', () => {
  const versions = (...all: readonly string[]) =>
    table(
      'schema_migrations',
      all.map(version => ({ version })),
      { version: 'character varying(255)' },
    )

  it('knows migrations of engines and in folders, and numbers with leading zeros', () => {
    const files = {
      'db/migrate/001_first.rb': '',
      'db/migrate/2026/20260901090000_users.my_engine.rb': '',
      'db/migrate/README.rb': '',
    }

    expect(detect(files, [versions('1')]).pending).toEqual(['20260901090000_users.my_engine'])
    expect(detect(files, [versions('1', '20260901090000')]).state).toBe('none')
  })

  it('does not mind versions that the project does not have', () => {
    const report = detect({ 'db/migrate/1_a.rb': '' }, [versions('1', '2')])

    expect(report.state).toBe('none')
    expect(report.why).toContain('not in the project: 2')
  })
})

describe('Rails with engines and packs', () => {
  const applied = (...all: readonly string[]) =>
    table(
      'schema_migrations',
      all.map(version => ({ version })),
      { version: 'character varying' },
    )
  const files = { 'db/migrate/1_a.rb': '', 'packs/billing/db/migrate/2_add_plans.rb': '' }

  it('cannot tell of a migration that lies there and has not run', () => {
    const report = detect(files, [applied('1')])

    expect(report).toMatchObject({ state: 'unknown' })
    expect(report.why).toContain('packs/billing/db/migrate/2_add_plans.rb lies outside db/migrate')
    expect(detect({ 'backend/db/migrate/1_a.rb': '' }, []).state).toBe('unknown')
  })

  it('has nothing to do where it ran in place, or was copied and ran', () => {
    expect(detect(files, [applied('1', '2')])).toMatchObject({
      state: 'none',
      why: expect.stringContaining('All 2'),
    })
    const copied = { ...files, 'db/migrate/3_add_plans.billing.rb': '' }
    expect(detect(copied, [applied('1', '3')]).state).toBe('none')
    expect(detect(copied, [applied('1')]).pending).toEqual(['3_add_plans.billing'])
  })

  it('leaves alone the application that an engine is tested with', () => {
    expect(detect({ ...files, 'packs/a/spec/dummy/db/migrate/9_x.rb': '' }, [applied('1', '2')]).state).toBe(
      'none',
    )
  })
})

describe('Rails with folders beside db/migrate', () => {
  const applied = (...all: readonly string[]) =>
    table(
      'schema_migrations',
      all.map(version => ({ version })),
      { version: 'character varying' },
    )
  // As Discourse, Mastodon and GitLab have it: migrations_paths << 'db/post_migrate'.
  const files = {
    'db/migrate/1_a.rb': '',
    'db/post_migrate/2_drop_b.rb': '',
    'db/post_migrate/4_drop_c.rb': '',
    'db/animals_migrate/3_dogs.rb': '',
  }

  it('counts one of which something has run in this database', () => {
    expect(detect(files, [applied('1', '2')])).toMatchObject({ state: 'pending', pending: ['4_drop_c'] })
    expect(detect(files, [applied('1', '2', '4')])).toMatchObject({
      state: 'none',
      why: expect.stringContaining('All 3'),
    })
  })

  it('leaves one alone of which nothing has run: it belongs to another database', () => {
    expect(detect(files, [applied('1')]).state).toBe('none')
    expect(detect({ 'db/animals_migrate/3_dogs.rb': '' }, []).tool).toBeUndefined()
  })
})

describe('several folders of one tool', () => {
  const knexRow = (...names: readonly string[]) =>
    table(
      'knex_migrations',
      names.map(name => ({ name, batch: '1', migration_time: 'x' })),
    )
  const script = 'exports.up = knex => {}'

  test.each<[string, Readonly<Record<string, string>>, ReturnType<typeof table>]>([
    ['Knex', { 'migrations/1_a.js': script, 'db/migrations/2_b.js': script }, knexRow('1_a.js')],
    [
      'golang-migrate',
      { 'migrations/1_a.up.sql': '', 'db/migrations/2_b.up.sql': '' },
      table('schema_migrations', [{ version: '1', dirty: 'false' }], { version: 'bigint', dirty: 'boolean' }),
    ],
    [
      'Prisma',
      { 'prisma/migrations/1_a/migration.sql': '', 'src/prisma/migrations/2_b/migration.sql': '' },
      table('_prisma_migrations', [{ migration_name: '1_a', finished_at: 'x', rolled_back_at: null }]),
    ],
    [
      'Alembic',
      { 'alembic/versions/a.py': "revision = 'a'", 'migrations/versions/b.py': "revision = 'b'" },
      table('alembic_version', [{ version_num: 'a' }]),
    ],
    [
      'Drizzle',
      {
        'drizzle/meta/_journal.json': '{"entries":[{"tag":"0_a","when":1}]}',
        'drizzle/0_a.sql': '',
        'src/db/migrations/meta/_journal.json': '{"entries":[{"tag":"1_b","when":2}]}',
        'src/db/migrations/1_b.sql': '',
      },
      table('__drizzle_migrations', [{ hash: 'x', created_at: '1' }]),
    ],
    [
      'Atlas',
      {
        'migrations/1_a.sql': '',
        'migrations/atlas.sum': 'h1:=\n1_a.sql h1:x=\n',
        'db/migrations/2_b.sql': '',
        'db/migrations/atlas.sum': 'h1:=\n2_b.sql h1:x=\n',
      },
      table('atlas_schema_revisions', [{ version: '1', type: '2', applied: '1', total: '1' }]),
    ],
  ])('of %s are all looked at, and what is new in the second is not passed over', (name, files, rows) => {
    const report = detect(files, [rows])

    expect(report).toMatchObject({ tool: name, state: 'unknown' })
    expect(report.pending.join()).toMatch(/[2b]/)
    expect(report.why).toContain('lie in 2 folders, and they do not agree')
  })

  it('agree where source and compiled lie side by side', () => {
    const files = { 'src/migrations/1_a.ts': script, 'dist/migrations/1_a.js': script }

    expect(detect(files, [knexRow('1_a.js')]).state).toBe('none')
    expect(detect(files, [knexRow()])).toMatchObject({ state: 'pending', pending: ['1_a'] })
  })
})

describe('Prisma', () => {
  const rows = (...all: ReadonlyArray<readonly [string, boolean, boolean]>) =>
    table(
      '_prisma_migrations',
      all.map(([migration_name, finished, rolledBack]) => ({
        migration_name,
        finished_at: finished ? 'x' : null,
        rolled_back_at: rolledBack ? 'x' : null,
      })),
    )
  const files = { 'prisma/migrations/1_a/migration.sql': '' }

  it('is stopped by a failure that the project does not have', () => {
    const report = detect(files, [rows(['1_a', true, false], ['2_b', false, false])])

    expect(report.state).toBe('unknown')
    expect(report.why).toMatch(/2_b failed.*migrate resolve/)
  })

  it('does not take for applied what failed on another try', () => {
    const report = detect(files, [rows(['1_a', true, false], ['1_a', false, false])])

    expect(report).toMatchObject({ state: 'pending', pending: ['1_a'] })
  })

  it('forgets what was rolled back', () => {
    expect(detect(files, [rows(['1_a', false, true], ['1_a', true, false])]).state).toBe('none')
    expect(detect(files, [rows(['1_a', true, true])]).pending).toEqual(['1_a'])
  })
})

describe('Drizzle', () => {
  const journal = (...entries: ReadonlyArray<readonly [string, number]>): Record<string, string> => ({
    'drizzle/meta/_journal.json': JSON.stringify({ entries: entries.map(([tag, when]) => ({ tag, when })) }),
    ...Object.fromEntries(entries.map(([tag]) => [`drizzle/${tag}.sql`, `-- ${tag}`])),
  })
  const applied = (...times: readonly number[]) =>
    table(
      'drizzle.__drizzle_migrations',
      times.map(time => ({ hash: `of ${time}`, created_at: String(time) })),
    )

  it('names one that was merged behind a newer one, which Drizzle passes over', () => {
    const report = detect(journal(['0000_a', 100], ['0001_late', 150], ['0002_b', 200]), [applied(100, 200)])

    expect(report).toMatchObject({ state: 'pending', pending: ['0001_late'] })
    expect(report.why).toContain('passes over it: 0001_late')
  })

  it('is unknown where the journal names a file that is not there', () => {
    const { 'drizzle/0000_a.sql': _, ...files } = journal(['0000_a', 100])

    expect(detect(files, [applied(100)])).toMatchObject({ state: 'unknown' })
  })

  it('runs a file again whose time in the journal is newer, as Drizzle does, and takes a known file for applied', () => {
    // SHA-256 of the text of the file.
    const hash = createHash('sha256').update('-- 0000_a').digest('hex')
    const row = table('drizzle.__drizzle_migrations', [{ hash, created_at: '100' }])

    expect(detect(journal(['0000_a', 200]), [row]).pending).toEqual(['0000_a'])
    expect(detect(journal(['0000_a', 90]), [row]).state).toBe('none')
  })

  it('finds an empty journal to be nothing to do', () => {
    expect(detect(journal(), [])).toMatchObject({ tool: 'Drizzle', state: 'none' })
  })
})

describe('Knex and its like', () => {
  const up = {
    js: 'exports.up = knex => {}',
    ts: "import type { Knex } from 'knex'\nexport async function up(knex: Knex) {}",
  }

  it('takes what was compiled for its source', () => {
    const rows = table('knex_migrations', [{ name: '1_a.js', batch: '1', migration_time: 'x' }])

    expect(detect({ 'src/migrations/1_a.ts': up.ts }, [rows]).state).toBe('none')
  })

  it('cannot go on where a file is gone that was applied', () => {
    const rows = table('knex_migrations', [
      { name: '1_a.js', batch: '1', migration_time: 'x' },
      { name: '2_b.js', batch: '1', migration_time: 'x' },
    ])

    const report = detect({ 'migrations/1_a.js': up.js }, [rows])
    expect(report.state).toBe('unknown')
    expect(report.why).toContain('2_b')
  })

  test.each([
    'export { up, down }\nasync function up(db) {}',
    'exports.up = db => db.schema.createTable("a")',
    'export default { up: () => {} }',
    'whatever',
  ])('counts every script where its table is there: %s', text => {
    const rows = table('knex_migrations', [{ name: '1_a.js', batch: '1', migration_time: 'x' }])

    expect(detect({ 'migrations/1_a.js': up.js, 'migrations/2_b.js': text }, [rows]).pending).toEqual(['2_b'])
  })

  it('finds scripts below the usual folders', () => {
    const files = {
      'migrations/1_a.js': up.js,
      'migrations/tenants/2_b.js': up.js,
      'migrations/lib/help.js': 'x',
    }
    const rows = table('knex_migrations', [{ name: '1_a.js', batch: '1', migration_time: 'x' }])

    expect(detect(files, [rows])).toMatchObject({ state: 'unknown', pending: ['2_b'] })
  })

  test.each([
    [
      "class CreateUsers { name = 'CreateUsers1788253200000'; up(queryRunner) {} }",
      'CreateUsers1788253200000',
    ],
    ['module.exports = class { constructor() { this.name = `A1788253200000` } }', 'A1788253200000'],
    ['export const A = class A1788253200000 implements MigrationInterface {}', 'A1788253200000'],
    [
      "export class A1788253200000 implements MigrationInterface { public readonly name: string = 'B1788253200001' }",
      'B1788253200001',
    ],
  ])('finds the name that TypeORM finds: %s', (text, name) => {
    expect(detect({ 'migrations/1.ts': text }, [])).toMatchObject({ tool: 'TypeORM', pending: [name] })
  })

  it('cannot tell of a migration of TypeORM without a name that can be read', () => {
    const files = {
      'migrations/1.js': 'class A1788253200000 { up(queryRunner) {} }',
      'migrations/2.js': 'var B = (function () { B.prototype.up = function (queryRunner) {} })()',
    }
    const report = detect(files, [table('migrations', [{ timestamp: '1', name: 'A1788253200000' }])])

    expect(report).toMatchObject({ state: 'unknown' })
    expect(report.why).toContain('2.js takes a QueryRunner')
  })

  it('cannot tell where TypeORM has run, in between, what lies in none of the known folders: more may lie there', () => {
    const rows = (...names: readonly string[]) =>
      table(
        'migrations',
        names.map(name => ({ timestamp: name.slice(-13), name })),
      )
    const files = {
      'src/migrations/1.ts': 'export class A1788253200000 {}',
      'src/migrations/3.ts': 'export class C1788253200003 {}',
    }

    // Of src/billing/migrations, which the glob of the data source names.
    const report = detect(files, [rows('A1788253200000', 'B1788253200002', 'C1788253200003')])
    expect(report.state).toBe('unknown')
    expect(report.why).toContain('B1788253200002 was applied, but is not in src/migrations')
    // Squashed away, and of a later commit.
    const gone = rows('Old1788253100000', 'A1788253200000', 'C1788253200003', 'D1788253200004')
    expect(detect(files, [gone]).state).toBe('none')
  })

  test.each([
    ['Sequelize', 'module.exports = { async up(queryInterface, Sequelize) {} }'],
    ['node-pg-migrate', 'exports.up = pgm => {}'],
    ['a script', 'migrate()'],
  ])('is not %s', (_, text) => {
    expect(
      detect({ 'migrations/1_a.js': text, 'package.json': '{"dependencies":{"knex":"3"}}' }, []).tool,
    ).toBeUndefined()
  })

  it('is not TypeORM, whose classes lie in the same folders', () => {
    const file = `export class AddUsers1788253200000 implements MigrationInterface {
      name = 'AddUsers1788253200001'
      async up(queryRunner: QueryRunner) {}
    }`
    const report = detect({ 'migrations/1788253200000-AddUsers.ts': file, 'knexfile.js': '' }, [])

    expect(report).toMatchObject({ tool: 'TypeORM', pending: ['AddUsers1788253200001'] })
  })

  it('names a class of TypeORM once, though source and compiled lie side by side', () => {
    const files = {
      'src/migrations/1.ts': 'export class A1788253200000 {}',
      'dist/migrations/1.js': 'class A1788253200000 {}\nexports.A1788253200000 = A1788253200000',
    }

    expect(detect(files, []).pending).toEqual(['A1788253200000'])
  })
})

describe('Django', () => {
  const migration = (more = '') => `class Migration(migrations.Migration):\n    dependencies = []\n${more}`
  const replaces = `    replaces = [("shop", "0001_initial"), ("shop", "0002_more")]\n`
  const rows = (...names: readonly string[]) =>
    table(
      'django_migrations',
      names.map(name => ({ app: 'shop', name })),
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

  it('asks apps.py for the label, and leaves out what is no migration', () => {
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
})

describe('settings of Django', () => {
  const migration = { 'shop/migrations/0001_initial.py': 'class Migration(migrations.Migration): pass' }
  const rows = table('django_migrations', [{ app: 'shop', name: '0001_initial' }])
  const moved = "MIGRATION_MODULES = {'orders': 'orders.db_migrations'}"

  test.each(['logi/settings.py', 'config/settings/base.py', 'settings_production.py'])(
    'may put migrations where nobody looks: %s',
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

describe('Alembic', () => {
  const revision = (id: string, down: string, more = '') => ({
    [`alembic/versions/${id}_x.py`]: `revision = '${id}'\ndown_revision: Union[str, None] = ${down}\n${more}`,
  })
  const at = (...heads: readonly string[]) =>
    table(
      'alembic_version',
      heads.map(version_num => ({ version_num })),
    )
  const branches = {
    ...revision('c', "'a'"),
    ...revision('b', '"a"'),
    ...revision('a', 'None'),
  }

  it('lists parents before children, whatever the names say', () => {
    const files = { ...revision('a', "'z'"), ...revision('z', 'None') }

    expect(detect(files, []).pending).toEqual(['z_x', 'a_x'])
  })

  it('follows several heads, in the project and in the database', () => {
    const report = detect(branches, [at('b')])

    expect(report).toMatchObject({ state: 'pending', pending: ['c_x'] })
    expect(report.why).toContain('2 heads')
    expect(detect(branches, [at('b', 'c')]).state).toBe('none')
  })

  it('follows merges written over several lines, and depends_on', () => {
    const merged = { ...branches, ...revision('m', '(\n    "b",\n    "c",\n)') }
    expect(detect(merged, [at('m')])).toMatchObject({ state: 'none' })

    const dependent = { ...revision('a', 'None'), ...revision('o', 'None', "depends_on = 'a'") }
    expect(detect(dependent, [at('o')])).toMatchObject({ state: 'none' })
  })

  it('cannot tell from a revision that the project does not have, or with a hole', () => {
    expect(detect(branches, [at('f')]).why).toContain('The database is at f, which is not in the project')
    const hole = detect(revision('b', "'gone'"), [at('b')])
    expect(hole).toMatchObject({ state: 'unknown' })
    expect(hole.why).toContain('build on gone')
  })

  it('cannot tell of a file whose revision cannot be read', () => {
    const files = {
      ...branches,
      'alembic/versions/new.py': 'revision = make_id()',
      'alembic/versions/__init__.py': '',
    }
    const report = detect(files, [at('b', 'c')])

    expect(report).toMatchObject({ state: 'unknown' })
    expect(report.why).toContain('new.py names no revision')
  })

  it('does not take a comment for a parent', () => {
    const files = { ...revision('a', 'None'), ...revision('b', "'a'  # was 'c'"), ...revision('c', "'a'") }

    expect(detect(files, [at('b')]).pending).toEqual(['c_x'])
  })

  it('ends where revisions go in a circle', () => {
    const circle = { ...revision('a', "'b'"), ...revision('b', "'a'") }

    expect(detect(circle, []).pending).toHaveLength(2)
  })
})

describe('Flyway', () => {
  const row = (installed_rank: number, version: string | null, script: string, more = {}) => ({
    installed_rank: String(installed_rank),
    version,
    type: 'SQL',
    script,
    checksum: '1',
    success: 'true',
    ...more,
  })
  const files = (...names: readonly string[]) =>
    Object.fromEntries(names.map(name => [`src/main/resources/db/migration/${name}`, 'SELECT 1;']))
  const history = (...rows: ReadonlyArray<ReturnType<typeof row>>) => table('flyway_schema_history', rows)

  it('computes the checksum that Flyway 11.8.2 wrote', () => {
    const text =
      '\ufeffCREATE OR REPLACE VIEW user_emails AS\r\n  SELECT email, 1 AS\tn FROM users;\r\n\r\n-- ä\n'

    expect(flywayChecksum(text)).toBe(-466931128)
  })

  it('orders versions as numbers, and takes 1, 1.0 and 01 for the same', () => {
    expect(detect(files('V10__c.sql', 'V2_1__b.sql', 'V2__a.sql'), []).pending).toEqual([
      'V2__a.sql',
      'V2_1__b.sql',
      'V10__c.sql',
    ])
    expect(detect(files('V1.0__a.sql'), [history(row(1, '01', 'V01__a.sql'))]).state).toBe('none')
  })

  it.each(['V2.sql', 'V2__.sql', 'V2.1.sql', 'V2__b.sh', 'V2__b.py'])('knows %s', name => {
    expect(detect(files('V1__a.sql', name), [history(row(1, '1', 'V1__a.sql'))]).pending).toEqual([name])
  })

  it('cannot tell of scripts with a prefix of their own', () => {
    const report = detect(files('V1__a.sql', 'Mig2__b.sql', 'beforeMigrate__x.sql'), [
      history(row(1, '1', 'V1__a.sql')),
    ])

    expect(report).toMatchObject({ state: 'unknown' })
    expect(report.why).toContain('Mig2__b.sql looks like a migration with a prefix of its own')
  })

  it('has to run again what was undone or deleted', () => {
    const undone = history(row(1, '1', 'V1__a.sql'), row(2, '1', 'U1__a.sql', { type: 'UNDO_SQL' }))

    expect(detect(files('V1__a.sql', 'U1__a.sql'), [undone]).pending).toEqual(['V1__a.sql'])
  })

  it('cannot tell where something has run that is not in the folders it knows: more may lie there', () => {
    const applied = history(
      row(1, '1', 'V1__a.sql'),
      row(2, '2', 'V2__data.sql'),
      row(3, '3', 'V3__c.sql'),
      row(4, null, 'R__data.sql'),
    )
    const report = detect(files('V1__a.sql', 'V3__c.sql'), [applied])

    expect(report.state).toBe('unknown')
    expect(report.why).toContain('V2__data.sql, R__data.sql was applied, but is not in the project')
  })

  it('does not miss what a later commit, or a baseline script, has', () => {
    const later = history(row(1, '1', 'V1__a.sql'), row(2, '2', 'V2__b.sql'))
    expect(detect(files('V1__a.sql'), [later]).state).toBe('none')
    const squashed = history(row(1, '1', 'V1__a.sql'), row(2, '2', 'V2__b.sql'), row(3, '3', 'V3__c.sql'))
    expect(detect(files('B2__all.sql', 'V3__c.sql'), [squashed]).state).toBe('none')
  })

  it('is stopped by a failure', () => {
    const report = detect(files('V1__a.sql'), [history(row(1, '1', 'V1__a.sql', { success: 'false' }))])

    expect(report.state).toBe('unknown')
    expect(report.why).toMatch(/V1__a.sql failed before.*flyway repair/)
  })

  it('starts an empty database with the newest baseline', () => {
    const all = files('V1__a.sql', 'V2__b.sql', 'V3__c.sql', 'B2__all.sql')

    expect(detect(all, []).pending).toEqual(['B2__all.sql', 'V3__c.sql'])
    const started = history(row(1, '2', 'B2__all.sql', { type: 'SQL_BASELINE' }))
    expect(detect(all, [started]).pending).toEqual(['V3__c.sql'])
    const schema = history(row(0, null, '"app"', { type: 'SCHEMA' }))
    expect(detect(files('B2__all.sql'), [schema]).pending).toEqual(['B2__all.sql'])
  })

  it('cannot tell whether a repeatable script with placeholders changed', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Flyway's placeholder
    const changed = { 'sql/R__grants.sql': 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role};' }

    expect(detect(changed, [history(row(1, null, 'R__grants.sql'))]).why).toContain('placeholders')
    expect(detect(changed, []).pending).toEqual(['R__grants.sql'])
  })

  it('counts what is written in Java', () => {
    const java = { 'src/main/java/db/migration/V1__A.java': 'class V1__A {}' }

    expect(
      detect(java, [history(row(1, '1', 'db.migration.V1__A', { type: 'JDBC', checksum: null }))]).state,
    ).toBe('none')
    expect(detect(java, []).pending).toEqual(['V1__A.java'])
    const repeatable = { ...java, 'src/main/java/db/migration/R__Views.java': 'class R__Views {}' }
    const ran = [
      ['1', 'V1__A'],
      [null, 'R__Views'],
    ].map(([version, name], i) =>
      row(i + 1, version ?? null, `db.migration.${name}`, { type: 'JDBC', checksum: null }),
    )
    expect(detect(repeatable, [history(...ran)]).state).toBe('none')
  })
})

describe('golang-migrate', () => {
  const at = (version: string, dirty: string) =>
    table('schema_migrations', [{ version, dirty }], { version: 'bigint', dirty: 'boolean' })
  const files = { 'migrations/9_a.up.sql': '', 'migrations/10_b.up.sql': '', 'migrations/10_b.down.sql': '' }

  it('orders by number, and knows what comes after the version', () => {
    expect(detect(files, []).pending).toEqual(['9_a', '10_b'])
    expect(detect(files, [at('9', 'false')])).toMatchObject({ state: 'pending', pending: ['10_b'] })
  })

  it('cannot tell from a version that the project does not have', () => {
    const report = detect(files, [at('11', 'false')])

    expect(report.state).toBe('unknown')
    expect(report.why).toContain('version 11, which is not in the project')
  })

  it('cannot tell while the database is dirty', () => {
    expect(detect(files, [at('9', 'true')])).toMatchObject({ state: 'unknown', pending: ['10_b'] })
  })

  it('takes an empty table for an empty database', () => {
    const empty = table('schema_migrations', [], { version: 'bigint', dirty: 'boolean' })

    expect(detect(files, [empty]).pending).toHaveLength(2)
  })
})

describe('Atlas', () => {
  const folder = (...names: readonly string[]) => ({
    ...Object.fromEntries(names.map(name => [`migrations/${name}`, ''])),
    'migrations/atlas.sum': `h1:all=\n${names.map(name => `${name} h1:x=`).join('\n')}\n`,
  })
  const rows = (...all: ReadonlyArray<Readonly<Record<string, string>>>) =>
    table(
      'atlas_schema_revisions.atlas_schema_revisions',
      all.map(row => ({ type: '2', applied: '1', total: '1', ...row })),
    )

  it('goes on in the middle of what was applied in part', () => {
    const report = detect(folder('1_a.sql', '2_b.sql'), [
      rows({ version: '1' }, { version: '2', applied: '1', total: '3' }),
    ])

    expect(report).toMatchObject({ state: 'pending', pending: ['2_b'] })
    expect(report.why).toContain('2 was applied only in part')
  })

  it('starts an empty database at the last checkpoint, and never runs one later', () => {
    const files = {
      ...folder('1_a.sql', '2_all.sql', '3_b.sql'),
      'migrations/2_all.sql': '-- atlas:checkpoint\n',
    }

    expect(detect(files, []).pending).toEqual(['2_all', '3_b'])
    expect(detect(files, [rows({ version: '1' })]).pending).toEqual(['3_b'])
  })

  it('takes what lies below the baseline for applied', () => {
    const baseline = rows({ version: '2', type: '1', applied: '0', total: '0' })

    expect(detect(folder('1_a.sql', '2_b.sql', '3_c.sql'), [baseline]).pending).toEqual(['3_c'])
  })

  it('refuses a folder that atlas.sum does not describe', () => {
    const report = detect({ ...folder('1_a.sql'), 'migrations/2_b.sql': '' }, [rows({ version: '1' })])

    expect(report.state).toBe('unknown')
    expect(report.why).toContain('differ in 2_b.sql')
  })

  it('leaves its own identifiers alone, and files of golang-migrate', () => {
    expect(
      detect(folder('1_a.sql'), [rows({ version: '1' }, { version: '.atlas_cloud_identifier', total: '9' })])
        .state,
    ).toBe('none')
    expect(detect(folder('1_a.up.sql', '1_a.down.sql'), []).tool).toBe('golang-migrate')
  })
})

it('survives names that nobody expects', () => {
  const odd = {
    'db/migrate/.rb': '',
    'db/migrate/1_.rb': '',
    'migrations/__proto__': '',
    'migrations/constructor.js': 'class A1 {}',
    'db/migration/V__x.sql': '',
    'db/migration/V.sql': '',
    'prisma/migrations/migration.sql': '',
  }

  expect(detect(odd, [])).toMatchObject({ tool: 'Rails', pending: ['1_'] })
})
