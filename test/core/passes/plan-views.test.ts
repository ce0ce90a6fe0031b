import { describe, expect, it } from 'vitest'
import type { ArchiveEntry } from '../../../src/core/backup/archive-toc.ts'
import { planViews } from '../../../src/core/passes/plan-views.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'

const REFRESH = 'MATERIALIZED VIEW DATA'
const entries = [
  archiveEntry(1, 'FOREIGN TABLE', 'far', { schema: 'public' }),
  archiveEntry(2, 'VIEW', 'over_far', { schema: 'public', dependsOn: ['1'] }),
  archiveEntry(3, 'MATERIALIZED VIEW', 'far_copy', { schema: 'audit', dependsOn: ['2'] }),
  archiveEntry(4, 'MATERIALIZED VIEW', 'near', { schema: 'public' }),
  archiveEntry(5, REFRESH, 'near', { schema: 'public', dependsOn: ['4'] }),
  archiveEntry(6, REFRESH, 'far_copy', { schema: 'audit', dependsOn: ['3'] }),
  archiveEntry(7, REFRESH, 'of near', { schema: 'public', dependsOn: ['5'] }),
  archiveEntry(8, REFRESH, 'of both', { schema: 'public', dependsOn: ['7', '5'] }),
]

function plan(all: readonly ArchiveEntry[], skipForeignServers: boolean) {
  const { views, leftOut } = planViews(all, all, { skipForeignServers, viewSettings: [] })
  return { views: views.map(level => level.map(({ entry }) => Number(entry.id))), leftOut }
}

describe('materialized views', () => {
  it('are filled after those that they read', () => {
    expect(plan(entries, false)).toEqual({ views: [[5, 6], [7], [8]], leftOut: [] })
  })

  it('over a foreign server are named and left empty in a drill, through views too', () => {
    const { views, leftOut } = plan(entries, true)
    expect(views).toEqual([[5], [7], [8]])
    expect(leftOut).toEqual([
      {
        what: 'rows of the materialized view audit.far_copy',
        why: 'it reads a foreign server, and a drill asks no other server',
        entry: entries[5],
      },
    ])
  })

  it('that need dblink wait for another server at most a minute', () => {
    const dblink = [
      archiveEntry(1, 'EXTENSION', 'dblink'),
      archiveEntry(2, 'MATERIALIZED VIEW', 'a', { schema: 'public', dependsOn: ['1'] }),
      archiveEntry(3, REFRESH, 'a', { schema: 'public', dependsOn: ['2'] }),
      archiveEntry(4, REFRESH, 'b', { schema: 'public' }),
    ]
    const [level = []] = planViews(dblink, dblink, { skipForeignServers: false, viewSettings: [] }).views
    expect(level.map(({ what, timeoutMs }) => [what, timeoutMs])).toEqual([
      ['materialized view a', 60_000],
      ['materialized view b', undefined],
    ])
  })

  it('over functions whose bodies name such a view or dblink count too', () => {
    const body = (text: string) => ({ schema: 'public', definition: `CREATE FUNCTION … AS $$ ${text} $$` })
    const all = [
      archiveEntry(10, 'FUNCTION', 'far_rows(integer)', body('SELECT * FROM over_far')),
      archiveEntry(11, 'FUNCTION', 'near_rows()', body('SELECT near_rows FROM farther')),
      ...entries.slice(0, 2),
      archiveEntry(12, 'FUNCTION', 'outer()', body('PERFORM public.far_rows(1)')),
      ...[13, 14, 15].map(id =>
        archiveEntry(id, 'MATERIALIZED VIEW', `v${id}`, { dependsOn: [`${id - 3}`] }),
      ),
      ...[16, 17, 18].map(id => archiveEntry(id, REFRESH, `v${id - 3}`, { dependsOn: [`${id - 3}`] })),
    ]
    expect(plan(all, true).views).toEqual([[17]])
  })

  it('are quoted', () => {
    const odd = [archiveEntry(1, REFRESH, 'a"; DROP TABLE t; --', { schema: 'S' })]
    const [[attempt] = []] = planViews(odd, odd, { skipForeignServers: true, viewSettings: [] }).views
    expect(attempt?.statements).toEqual(['REFRESH MATERIALIZED VIEW "S"."a""; DROP TABLE t; --"'])
    expect(attempt?.role).toBe('owner')
  })

  it('are none in an archive without any', () => {
    expect(plan(entries.slice(0, 4), true)).toEqual({ views: [], leftOut: [] })
  })
})
