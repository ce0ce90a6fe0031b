import { describe, expect, it } from 'vitest'
import { anywhere, defineTool, WHOLE } from '../../../src/core/migrations/tool.ts'

const PROJECT = { root: '/', files: new Map([['a.sql', '']]), gaps: [] }
const tool = defineTool<readonly string[]>({
  name: 'Own',
  locations: [anywhere(/\.sql$/, true)],
  table: 'own',
  columns: ['version'],
  owns: columns => columns.has('version'),
  readProject: ({ files }, hasTable) => (hasTable ? [{ folder: 'db', project: [...files.keys()] }] : []),
  compare: (project, rows) => ({ known: project.length, pending: project.slice(rows.length) }),
})

describe('a tool', () => {
  it('compares what it read of the project with rows', () => {
    const [read, ...more] = tool.read(PROJECT, true)
    expect(more).toEqual([])
    expect(read?.folder).toBe('db')
    expect(read?.compare([])).toEqual({ known: 1, pending: ['a.sql'] })
    expect(read?.compare([{ version: '1' }])).toEqual({ known: 1, pending: [] })
  })

  it('knows whether its table exists', () => {
    expect(tool.read(PROJECT, false)).toEqual([])
  })

  it('with one table only has no pattern for others', () => {
    expect(tool).not.toHaveProperty('otherTables')
    expect(tool.owns(new Map())).toBe(false)
  })
})

it('searches the whole project, outside usual folders too', () => {
  expect(anywhere(/x/, false)).toEqual({ folder: '', file: /x/, depth: WHOLE, isRead: false, isSearch: true })
})
