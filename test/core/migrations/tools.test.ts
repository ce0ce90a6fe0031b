import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { TOOLS } from '../../../src/core/migrations/tools.ts'

it('knows each migration tool once', () => {
  const names = TOOLS.map(({ name }) => name)
  expect(names.length).toBeGreaterThan(20)
  expect(new Set(names).size).toBe(names.length)
})

it.each(TOOLS.map(tool => [tool.name, tool] as const))(
  'takes no table without columns for one of %s',
  (_, tool) => {
    expect(tool.owns(new Map())).toBe(false)
    expect(tool.owns(new Map([['constructor', 'text']]))).toBe(false)
  },
)

it.each(TOOLS.map(tool => [tool.name, tool] as const))(
  'finds nothing of %s in an empty project',
  (_, tool) => {
    const empty = { root: '/', files: new Map<string, string>(), gaps: [] }
    for (const hasTable of [false, true]) expect(tool.read(empty, hasTable)).toEqual([])
  },
)

it('documents every tool', () => {
  const page = readFileSync('docs/migrations.md', 'utf8')
  expect(TOOLS.map(({ name }) => name).filter(name => !page.includes(name))).toEqual([])
})
