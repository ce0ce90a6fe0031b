import { describe, expect, it, test } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

describe('Knex', () => {
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
    ['Sequelize', 'module.exports = { async up(queryInterface, Sequelize) {} }', 'Sequelize'],
    ['node-pg-migrate', 'exports.up = pgm => {}', 'node-pg-migrate'],
    ['a script', 'migrate()', undefined],
  ])('is not %s', (_, text, tool) => {
    const files = { 'migrations/1_a.js': text, 'package.json': '{"dependencies":{"knex":"3"}}' }

    expect(detect(files, []).tool).toBe(tool)
  })
})
