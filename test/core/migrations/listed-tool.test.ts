import { describe, expect, it } from 'vitest'
import { defineListedTool, type ListedTool } from '../../../src/core/migrations/listed-tool.ts'
import type { MigrationRow } from '../../../src/core/migrations/migration-report.ts'

const OWN: ListedTool = {
  name: 'Own',
  table: 'own',
  has: ['version', 'at'],
  columns: ['version', 'at'],
  file: /^((?:.*\/)?own\/)(\d+)_\w+\.sql$/,
  rowId: ({ version }) => version ?? '',
  order: ({ at }) => at,
}

function compare(
  rows: readonly MigrationRow[],
  more: Partial<ListedTool> = {},
  files = ['own/1_a.sql', 'own/2_b.sql'],
) {
  const project = { root: '/', files: new Map(files.map(path => [path, 'up'])), gaps: [] }
  const [read] = defineListedTool({ ...OWN, ...more }).read(project, true)
  return read?.compare(rows)
}
const row = (version: string | null, at = '1', more = {}) => ({ version, at, ...more })

describe('a tool with a file and a row for each migration', () => {
  it('misses what has no row', () => {
    expect(compare([row('1')])).toEqual({ known: 2, pending: ['2_b.sql'], doubt: undefined })
    expect(compare([])).toMatchObject({ pending: ['1_a.sql', '2_b.sql'] })
    expect(compare([row('2'), row('1')])).toMatchObject({ pending: [], doubt: undefined })
  })

  it('doubts where what was recorded last has no file', () => {
    expect(compare([row('1'), row('2'), row('3', '2')])?.doubt).toMatch(/not in the project: 3\. /)
    expect(compare([row('1', '2'), row('0', '1')])?.doubt).toBeUndefined()
  })

  it('does not take a row without an id for a migration', () => {
    expect(compare([row(null, '0')])).toMatchObject({ pending: ['1_a.sql', '2_b.sql'] })
  })

  it('compares ids in their normal form', () => {
    const normal = (id: string) => id.replace(/^0+/, '')
    expect(compare([row('001'), row('2')], { normal }, ['own/1_a.sql', 'own/0002_b.sql'])?.pending).toEqual(
      [],
    )
  })

  it('counts only rows of applied migrations', () => {
    const isApplied = ({ undone }: MigrationRow) => undone !== 'true'
    expect(compare([row('1'), row('2', '2', { undone: 'true' })], { isApplied })).toMatchObject({
      pending: ['2_b.sql'],
      doubt: undefined,
    })
  })

  it('is stopped by a failure', () => {
    const hasFailed = ({ success }: MigrationRow) => success === 'false'
    expect(compare([row('1', '1', { success: 'false' })], { hasFailed })?.doubt).toBe(
      '1 failed before, so Own refuses to continue.',
    )
  })
})

describe('its files', () => {
  const read = (files: Readonly<Record<string, string>>, more: Partial<ListedTool> = {}, hasTable = true) =>
    defineListedTool({ ...OWN, ...more })
      .read({ root: '/', files: new Map(Object.entries(files)), gaps: [] }, hasTable)
      .map(project => [project.folder, project.compare([]).pending])

  it('are compared folder by folder', () => {
    expect(read({ 'b/own/1_a.sql': '', 'a/own/1_a.sql': '', 'a/own/x.sql': '' })).toEqual([
      ['a/own', ['1_a.sql']],
      ['b/own', ['1_a.sql']],
    ])
  })

  it('have to say so where the path is not enough', () => {
    const files = { 'a/own/1_a.sql': '-- own', 'b/own/2_b.sql': '' }
    expect(read(files, { text: /-- own/ })).toEqual([['a/own', ['1_a.sql']]])
  })

  it('count only with a table where neither path nor text tell', () => {
    const files = { 'own/1_a.sql': '' }
    expect(read(files, { needsTable: true }, false)).toEqual([])
    expect(read(files, { needsTable: true }, true)).toHaveLength(1)
  })

  it('may lie in the root', () => {
    expect(read({ '1_a.sql': '' }, { file: /^((?:.*\/)?)(\d+)_\w+\.sql$/ })).toEqual([['.', ['1_a.sql']]])
  })
})

describe('its table', () => {
  const columns = (...names: readonly string[]) => new Map(names.map(name => [name, 'text']))

  it.each([
    [['version', 'at'], true],
    [['version', 'at', 'other'], true],
    [['version'], false],
    [['version', 'at', 'dirty'], false],
    [[], false],
  ])('may have columns %j: %s', (names, expected) => {
    expect(defineListedTool({ ...OWN, hasNot: ['dirty'] }).owns(columns(...names))).toBe(expected)
  })
})
