import { describe, expect, it } from 'vitest'
import { LISTED_TOOLS } from '../../../src/core/migrations/listed-tools.ts'
import type { MigrationRow } from '../../../src/core/migrations/migration-report.ts'

function pending(name: string, files: Readonly<Record<string, string>>, rows: readonly MigrationRow[] = []) {
  const tool = LISTED_TOOLS.find(candidate => candidate.name === name)
  if (tool === undefined) throw new Error(`${name} is no tool`)
  const project = { root: '/', files: new Map(Object.entries(files)), gaps: [] }
  return tool.read(project, true).map(read => read.compare(rows).pending)
}
const SEED = 'class A < SeedMigration::Migration'
const GOOSE = '-- +goose Up'

describe('the file and the row of a migration', () => {
  it.each<[string, string, string, MigrationRow]>([
    ['data_migrate', 'db/data/007_a.rb', '', { version: '7' }],
    ['seed_migration', 'db/data/1_a.rb', SEED, { version: '1', id: '1' }],
    ['after_party', 'lib/tasks/deployment/1_a.rake', '', { version: '1', id: '1' }],
    [
      'Laravel',
      'database/migrations/2026_01_02_030405_a.php',
      '',
      { migration: '2026_01_02_030405_a', id: '1' },
    ],
    [
      'Doctrine',
      'migrations/2026/Version1.php',
      '',
      { version: 'App\\Migrations\\Version1', executed_at: 'x' },
    ],
    ['Phinx', 'db/migrations/20260102030405_a.php', '', { version: '20260102030405', end_time: 'x' }],
    ['Sequelize', 'migrations/1-a.js', 'queryInterface', { name: '1-a.ts' }],
    ['node-pg-migrate', 'migrations/1_a.sql', '-- Up Migration', { name: '1_a', id: '1' }],
    [
      'MikroORM',
      'src/migrations/Migration20260102030405.ts',
      '',
      { name: 'Migration20260102030405', id: '1' },
    ],
    ['Kysely', 'migrations/1_a.ts', 'Kysely', { name: '1_a', timestamp: 'x' }],
    ['Ecto', 'priv/repo/migrations/1_a.exs', '', { version: '1', inserted_at: 'x' }],
    ['Diesel', 'migrations/2026-01-02-030405_a/up.sql', '', { version: '20260102030405', run_on: 'x' }],
    ['sqlx', 'migrations/01_a.up.sql', '', { version: '1', installed_on: 'x', success: 'true' }],
    ['Entity Framework', 'Data/Migrations/20260102030405_A.cs', '', { MigrationId: '20260102030405_A' }],
    ['goose', '00001_a.sql', GOOSE, { version_id: '1', is_applied: 'true', id: '2' }],
    ['dbmate', 'db/migrations/1_a.sql', '-- migrate:up', { version: '1' }],
    ['Supabase', 'supabase/migrations/1_a.sql', '', { version: '1' }],
  ])('of %s: %s', (name, path, text, row) => {
    const file = path.replace(/^.*igrations?\/|^.*(data|deployment)\//, '')
    expect(pending(name, { [path]: text })).toEqual([[file]])
    expect(pending(name, { [path]: text }, [row])).toEqual([[]])
  })

  it('are tried for every tool', () => {
    expect(LISTED_TOOLS).toHaveLength(17)
  })
})

describe('a file of another tool or purpose', () => {
  it.each([
    ['data_migrate', 'db/data/1_a.rb', SEED],
    ['seed_migration', 'db/data/1_a.rb', ''],
    ['Sequelize', 'migrations/1.d.ts', 'queryInterface'],
    ['Sequelize', 'migrations/1.js', 'exports.up = knex => {}'],
    ['node-pg-migrate', 'migrations/1_a.d.ts', 'pgm'],
    ['MikroORM', 'migrations/Migration20260102030405.d.ts', ''],
    ['sqlx', 'migrations/1_a.down.sql', ''],
    ['Diesel', 'migrations/1_a/down.sql', ''],
    ['goose', '1_a.sql', '-- +goose Down'],
    ['dbmate', 'db/migrations/1_a.sql', ''],
    ['Supabase', 'db/migrations/1_a.sql', ''],
    ['Phinx', 'migrations/20260102_a.php', ''],
  ])('does not count for %s: %s with %j', (name, path, text) => {
    expect(pending(name, { [path]: text })).toEqual([])
  })
})

it('goose counts neither its own row nor an undone one', () => {
  const files = { '1_a.sql': GOOSE }
  const own = { version_id: '0', is_applied: 'true', id: '1' }
  expect(pending('goose', files, [own])).toEqual([['1_a.sql']])
  expect(pending('goose', files, [own, { version_id: '1', is_applied: 'false', id: '2' }])).toEqual([
    ['1_a.sql'],
  ])
})
