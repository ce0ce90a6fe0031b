import { describe, expect, it } from 'vitest'
import { filesIn, foldersMatching, withoutExtension } from '../../../src/core/migrations/project-file.ts'

const project = (...paths: readonly string[]) => ({
  root: '/project',
  files: new Map(paths.map(path => [path, `text of ${path}`])),
  gaps: [],
})

describe('the files in a folder', () => {
  it('come by path, with their last part and their text', () => {
    expect(filesIn(project('db/b.sql', 'db/a/c.sql', 'db2/x.sql', 'x.sql'), 'db')).toEqual([
      { path: 'a/c.sql', name: 'c.sql', text: 'text of db/a/c.sql' },
      { path: 'b.sql', name: 'b.sql', text: 'text of db/b.sql' },
    ])
  })

  it('of the root are all', () => {
    expect(filesIn(project('b', 'a/b'), '').map(({ path, name }) => [path, name])).toEqual([
      ['a/b', 'b'],
      ['b', 'b'],
    ])
  })

  it('are none where the folder is missing or a file', () => {
    expect(filesIn(project('db'), 'db')).toEqual([])
    expect(filesIn(project(), '')).toEqual([])
  })
})

describe('the folders that match a pattern', () => {
  const matching = (pattern: RegExp, ...paths: readonly string[]) =>
    foldersMatching(project(...paths), pattern).map(({ folder, items }) => [
      folder,
      items.map(({ path }) => path),
    ])

  it('have their files below them, in order', () => {
    const pattern = /^((?:.*\/)?migrations\/)(?:.+\/)?\d+\.sql$/
    expect(
      matching(pattern, 'b/migrations/2.sql', 'a/migrations/x/1.sql', 'b/migrations/1.sql', 'x.sql'),
    ).toEqual([
      ['a/migrations', ['x/1.sql']],
      ['b/migrations', ['1.sql', '2.sql']],
    ])
  })

  it('may be the root', () => {
    expect(matching(/^((?:.*\/)?)\d+\.sql$/, '1.sql')).toEqual([['.', ['1.sql']]])
  })

  it('may have names of prototypes', () => {
    expect(matching(/^((?:.*\/)?)\d+\.sql$/, '__proto__/1.sql', 'constructor/1.sql')).toEqual([
      ['__proto__', ['1.sql']],
      ['constructor', ['1.sql']],
    ])
  })
})

it.each([
  ['20260901_users.js', '20260901_users'],
  ['a.up.sql', 'a.up'],
  ['.js', ''],
  ['README', 'README'],
  ['a.', 'a.'],
])('%j without its extension is %j', (name, expected) => {
  expect(withoutExtension(name)).toBe(expected)
})
