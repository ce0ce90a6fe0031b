import { describe, expect, it } from 'vitest'
import {
  recogniseTable,
  TELLING_COLUMNS,
  TELLING_NAME,
} from '../../../src/core/migrations/recognise-table.ts'
import { TOOLS } from '../../../src/core/migrations/tools.ts'

function recognise(name: string, columns: Readonly<Record<string, string>>, schema = 'public') {
  const found = recogniseTable({ schema, name, columns: new Map(Object.entries(columns)) })
  return found?.kind === 'known' ? found.tools.map(tool => tool.name) : found
}
const text = (...names: readonly string[]) => Object.fromEntries(names.map(name => [name, 'text']))
const UNKNOWN = { kind: 'foreign', tool: undefined }

describe('a table', () => {
  it.each([
    ['schema_migrations', { version: 'character varying' }, ['Rails', 'dbmate']],
    ['schema_migrations', { version: 'bigint', dirty: 'boolean' }, ['golang-migrate']],
    ['schema_migrations', { version: 'bigint', inserted_at: 'timestamp' }, ['Ecto']],
    ['knex_migrations', text('name', 'batch', 'migration_time'), ['Knex']],
    ['migrations', { id: 'integer', migration: 'text', batch: 'integer' }, ['Laravel']],
  ])('%s of columns %j may be of %j', (name, columns, tools) => {
    expect(recognise(name, columns)).toEqual(tools)
  })

  it('of a tool that allows other names is a second line', () => {
    expect(recognise('billing', text('name', 'batch', 'migration_time'))).toEqual(['Knex'])
    expect(recognise('cake_phinxlog', text('version', 'migration_name', 'end_time'))).toEqual(['Phinx'])
  })

  it('of a tool that is not compared here is named', () => {
    expect(recognise('databasechangelog', text('id'))).toEqual({ kind: 'foreign', tool: 'Liquibase' })
  })

  it.each([
    ['schema_migrations', text('id', 'checksum')],
    ['my_migrations_2', text('id')],
    ['DbVersion', text('n')],
    ['_prisma_migrations', text('id')],
  ])('%s of columns %j only looks like one', (name, columns) => {
    expect(recognise(name, columns)).toEqual(UNKNOWN)
  })

  it.each([
    'users',
    'versions',
    'knex_migrations_lock',
    'databasechangeloglock',
    'DATABASECHANGELOGLOCK',
    '',
  ])('%j has nothing to do with migrations', name => {
    expect(recognise(name, text('id', 'is_locked'))).toBeUndefined()
  })
})

it('finds the table of every tool by its name or by its columns', () => {
  const telling = new RegExp(TELLING_NAME, 'i')
  const found = ({ table, columns }: (typeof TOOLS)[number]) =>
    telling.test(table) || columns.some(column => TELLING_COLUMNS.includes(column))
  expect(TOOLS.filter(tool => !found(tool)).map(({ name, table }) => [name, table])).toEqual([])
})
