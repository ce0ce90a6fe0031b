import { describe, expect, it } from 'vitest'
import {
  describePair,
  neverRun,
  unreadable,
  withoutFolder,
  withoutTable,
} from '../../../src/core/migrations/describe-finding.ts'
import type { MigrationFinding } from '../../../src/core/migrations/finding.ts'
import {
  anywhere,
  type Comparison,
  defineTool,
  type MigrationTool,
} from '../../../src/core/migrations/tool.ts'
import { table } from '../../support/migration-sides.ts'

const tool = defineTool({
  name: 'Own',
  locations: [anywhere(/x/, false), { folder: 'db/own', file: /x/, depth: 0, isRead: false }],
  table: 'own',
  columns: ['version'],
  owns: () => true,
  readProject: () => [],
  compare: () => ({ known: 0, pending: [] }),
})
const project = (comparison: Comparison) => ({ folder: 'db/own', compare: () => comparison })
const rows = table('app.own', [{ version: '1' }, { version: '2' }])
const pair = (comparison: Comparison) =>
  describePair(tool, { table: rows, project: project(comparison), comparison })
const say = ({ state, why }: MigrationFinding) => [state, why('app.own')]

describe('a table and a folder', () => {
  it.each<[Comparison, string, string]>([
    [{ known: 1, pending: [] }, 'none', 'The one migration in db/own is in app.own.'],
    [{ known: 3, pending: [] }, 'none', 'All 3 migrations in db/own are in app.own.'],
    [{ known: 1, pending: ['a'] }, 'pending', '1 of 1 migration in db/own is not in app.own.'],
    [{ known: 3, pending: ['a', 'b'] }, 'pending', '2 of 3 migrations in db/own are not in app.own.'],
    [
      { known: 3, pending: [], note: 'Old ones are gone.' },
      'none',
      'All 3 migrations in db/own are in app.own. Old ones are gone.',
    ],
    // Doubt overrides the list, and says why.
    [{ known: 3, pending: ['a'], doubt: 'One failed.' }, 'unknown', 'app.own: One failed.'],
  ])('that compare as %j are %s', (comparison, state, why) => {
    expect(say(pair(comparison))).toEqual([state, why])
    expect(pair(comparison).pending).toEqual(comparison.pending)
  })

  it('are named', () => {
    const finding = pair({ known: 1, pending: [] })
    expect(finding.table).toBe('app.own')
    expect(finding.source('t')).toBe('db/own and table t')
  })
})

describe('a folder without a table', () => {
  const database = { database: 'logi on db.example:5432', tables: [], gaps: [] }
  const find = (comparison: Comparison) => withoutTable(tool, project(comparison), database)
  const NOTHING = 'logi on db.example:5432 has no table own, so nothing in db/own counts as applied.'

  it.each<[Comparison, string, string]>([
    [{ known: 1, pending: ['a'] }, 'pending', NOTHING],
    [{ known: 0, pending: [] }, 'none', NOTHING],
    [{ known: 1, pending: ['a'], doubt: 'Unclear.', note: 'Odd.' }, 'unknown', `${NOTHING} Unclear. Odd.`],
  ])('that compares as %j is %s', (comparison, state, why) => {
    expect(say(find(comparison))).toEqual([state, why])
    expect(find(comparison).source('')).toBe('db/own; there is no table own')
  })

  it('that no table lists is unknown', () => {
    const finding = neverRun(tool, project({ known: 1, pending: ['a'] }))
    expect(finding).toMatchObject({ state: 'unknown', pending: ['a'], table: undefined })
    expect(finding.why('')).toContain('If it belongs to another database, set project')
  })
})

describe('a table without a folder', () => {
  const files = { root: '/project', files: new Map(), gaps: [] }
  const why = (of: MigrationTool) => withoutFolder(of, rows, files).why('app.own')

  it('is unknown, and says where was looked', () => {
    expect(withoutFolder(tool, rows, files)).toMatchObject({
      state: 'unknown',
      pending: [],
      table: 'app.own',
    })
    expect(why(tool)).toContain('app.own lists 2 migrations of Own, but /project has none in db/own.')
    expect(why({ ...tool, locations: [anywhere(/x/, false)] })).toContain('has none in any folder.')
  })
})

it('says why a folder cannot be read', () => {
  const finding = unreadable(tool, new RangeError('a.json is not JSON'))
  expect(say(finding)).toEqual(['unknown', 'The migrations of Own cannot be read: a.json is not JSON.'])
  expect(finding.source('')).toBe('a folder that cannot be read')
})
