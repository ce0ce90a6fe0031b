import { describe, expect, it, test } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

describe('several folders of one tool', () => {
  const knexRow = (...names: readonly string[]) =>
    table(
      'knex_migrations',
      names.map(name => ({ name, batch: '1', migration_time: 'x' })),
      { name: 'text', batch: 'text', migration_time: 'text' },
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
  ])('of %s are all compared, and they do not agree', (name, files, rows) => {
    const report = detect(files, [rows])

    expect(report).toMatchObject({ tool: name, state: 'unknown' })
    expect(report.pending.join()).toMatch(/[2b]/)
    expect(report.why).toContain('are in 2 folders, and they do not agree')
  })

  it('agree where source and compiled lie side by side', () => {
    const files = { 'src/migrations/1_a.ts': script, 'dist/migrations/1_a.js': script }

    expect(detect(files, [knexRow('1_a.js')]).state).toBe('none')
    expect(detect(files, [knexRow()])).toMatchObject({ state: 'pending', pending: ['1_a'] })
  })
})

it('survives odd file names', () => {
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
