import { describe, expect, it } from 'vitest'
import { FOREIGN_LOCATIONS, foreignFiles, foreignToolOf } from '../../../src/core/migrations/foreign-tools.ts'

const toolOf = (schema: string, name: string, ...columns: readonly string[]) =>
  foreignToolOf({ schema, name, columns: new Map(columns.map(column => [column, 'text'])) })
const filesOf = (...paths: readonly string[]) =>
  foreignFiles({ root: '/', files: new Map(paths.map(path => [path, ''])), gaps: [] })

describe('a table of a tool that is not compared here', () => {
  it.each([
    ['public', 'DATABASECHANGELOG', [], 'Liquibase'],
    ['public', 'seaql_migrations', [], 'SeaORM'],
    ['graphile_migrate', 'migrations', [], 'graphile-migrate'],
    ['sqitch', 'changes', ['script_hash'], 'Sqitch'],
    ['public', 'schema_migrations', ['filename'], 'Sequel'],
    ['pgboss', 'version', ['cron_on'], 'pg-boss'],
    ['public', '_yoyo_log', [], 'yoyo'],
  ])('%s.%s is known', (schema, name, columns, tool) => {
    expect(toolOf(schema, name, ...columns)).toBe(tool)
  })

  it.each([
    ['public', 'changes', []],
    ['public', 'schema_migrations', ['version']],
    ['public', 'version', []],
    ['public', 'users', []],
    ['my_graphile_migrate', 'migrations', []],
    ['public', 'databasechangelog_old', []],
  ])('is not %s.%s with columns %j', (schema, name, columns) => {
    expect(toolOf(schema, name, ...columns)).toBeUndefined()
  })
})

describe('files of a tool that is not compared here', () => {
  it('show each tool once, by its first file', () => {
    expect(
      filesOf('b/sqitch.plan', 'a/sqitch.plan', 'src/db.changelog-1.yaml', 'm20260101_000001_init.rs'),
    ).toEqual([
      { tool: 'Sqitch', path: 'a/sqitch.plan' },
      { tool: 'Liquibase', path: 'src/db.changelog-1.yaml' },
      { tool: 'SeaORM', path: 'm20260101_000001_init.rs' },
    ])
  })

  it.each(['sqitch.plan.md', 'my-yoyo.ini', 'conf/evolutions/1.sql', 'changelog.md', 'gmrc'])(
    'are not %s',
    path => {
      expect(filesOf(path)).toEqual([])
    },
  )

  it('are looked for in the whole project, by name alone', () => {
    expect(
      FOREIGN_LOCATIONS.every(({ isSearch, isRead, folder }) => isSearch && !isRead && folder === ''),
    ).toBe(true)
    expect(FOREIGN_LOCATIONS.some(({ file }) => file.test('deep/down/.gmrc.cjs'))).toBe(true)
  })
})
