import { describe, expect, it } from 'vitest'
import type { ArchiveEntry } from '../../../src/core/backup/archive-toc.ts'
import type { PassFacts } from '../../../src/core/passes/pass.ts'
import { planPasses } from '../../../src/core/passes/plan-passes.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'

const DRILL: PassFacts = {
  archiveBytes: 1_000_000,
  hasSuperuser: true,
  grants: false,
  skipEventTriggers: false,
  skipForeignServers: true,
  viewSettings: [],
}
const TARGET: PassFacts = { ...DRILL, hasSuperuser: false, skipForeignServers: false }

const entries = [
  archiveEntry(1, 'SCHEMA', 'ext'),
  archiveEntry(2, 'EXTENSION', 'citext', {
    definition: 'CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA ext;\n',
  }),
  archiveEntry(3, 'COMMENT', 'EXTENSION citext', {
    dependsOn: ['2'],
    definition: 'COMMENT ON EXTENSION citext IS …',
  }),
  archiveEntry(4, 'SHELL TYPE', 'word'),
  archiveEntry(5, 'TABLE', 'parent', { schema: 'public' }),
  archiveEntry(6, 'COMMENT', 'TABLE parent', { schema: 'public', dependsOn: ['5'] }),
  archiveEntry(7, 'ACL', 'TABLE parent', { schema: 'public', dependsOn: ['5'] }),
  archiveEntry(8, 'ACL', 'FUNCTION citext_eq()', { schema: 'ext', dependsOn: ['99'] }),
  archiveEntry(9, 'FOREIGN TABLE', 'far', { schema: 'public' }),
  archiveEntry(10, 'MATERIALIZED VIEW', 'near_copy', { schema: 'public', dependsOn: ['5'] }),
  archiveEntry(11, 'MATERIALIZED VIEW', 'far_copy', { schema: 'public', dependsOn: ['9'] }),
  archiveEntry(12, 'MATERIALIZED VIEW', 'copy of copy', { schema: 'public', dependsOn: ['10'] }),
  archiveEntry(20, 'TABLE DATA', 'parent', { schema: 'public', dependsOn: ['5'] }),
  archiveEntry(21, 'SEQUENCE SET', 's', { schema: 'public' }),
  archiveEntry(30, 'INDEX', 'i', { schema: 'public', dependsOn: ['5'] }),
  archiveEntry(31, 'TRIGGER', 'parent stamp', { schema: 'public', dependsOn: ['5'] }),
  archiveEntry(32, 'EVENT TRIGGER', 'guard'),
  archiveEntry(33, 'COMMENT', 'EVENT TRIGGER guard', { dependsOn: ['32'] }),
  archiveEntry(34, 'SUBSCRIPTION', 'sub', { section: 'post-data' }),
  archiveEntry(35, 'MATERIALIZED VIEW DATA', 'near_copy', { schema: 'public', dependsOn: ['10'] }),
  archiveEntry(36, 'MATERIALIZED VIEW DATA', 'copy of copy', { schema: 'public', dependsOn: ['12', '35'] }),
  archiveEntry(37, 'MATERIALIZED VIEW DATA', 'far_copy', { schema: 'public', dependsOn: ['11'] }),
  archiveEntry(38, 'COMMENT', 'SUBSCRIPTION sub', { dependsOn: ['34'] }),
]

const ids = (some: readonly ArchiveEntry[]) => some.map(({ id }) => Number(id))

function summarize(facts: PassFacts, without?: ReadonlySet<string>) {
  const plan = planPasses(entries, facts, without)
  const bulk = [...plan.before, ...plan.after, ...plan.last]
  return {
    plan,
    bulk: bulk.map(pass => [pass.name, pass.role, ids(pass.entries)] as const),
    views: plan.views.map(level => ids(level.map(({ entry }) => entry))),
    decoration: ids(plan.decoration.map(({ entry }) => entry)),
    leftOut: ids(plan.leftOut.map(({ entry }) => entry)),
  }
}

describe('the plan of passes', () => {
  it('orders structure, rows, what is built over the rows, and event triggers last', () => {
    expect(summarize(TARGET)).toMatchObject({
      bulk: [
        ['structure and rows', 'owner', [4, 5, 6, 9, 10, 11, 12, 20, 21]],
        ['indexes and constraints', 'owner', [30, 31]],
        ['event triggers', 'owner', [32, 33]],
      ],
      views: [[35, 37], [36]],
      decoration: [3],
      leftOut: [],
    })
  })

  it('lets many small tables be made side by side, large ones with their rows', () => {
    const tables = Array.from({ length: 500 }, (_, i) => [
      archiveEntry(1000 + i, 'TABLE', `t${i}`, { schema: 'public' }),
      archiveEntry(3000 + i, 'TABLE DATA', `t${i}`, { schema: 'public', dependsOn: [`${1000 + i}`] }),
    ]).flat()
    const type = archiveEntry(1, 'TYPE', 'mood', { schema: 'public' })
    const view = archiveEntry(2, 'VIEW', 'v', { schema: 'public', dependsOn: ['1000'] })
    const plan = (archiveBytes: number) =>
      planPasses([type, ...tables, view], { ...TARGET, archiveBytes }).before.map(pass => [
        ...[pass.name, pass.isParallel, pass.entries.length, pass.groups?.length],
      ])
    expect(plan(1_000_000)).toEqual([
      ['structure', false, 1, undefined],
      ['structure', false, 500, 500],
      ['structure and rows', true, 501, undefined],
    ])
    expect(plan(100_000_000)).toEqual([['structure and rows', true, 1002, undefined]])
  })

  it('gives a scratch superuser the closed list only, and leaves foreign servers alone', () => {
    expect(summarize(DRILL)).toMatchObject({
      bulk: [
        ['structure', 'superuser', [4]],
        ['structure and rows', 'owner', [5, 6, 9, 10, 11, 12, 20, 21]],
        ['indexes and constraints', 'owner', [30, 31]],
        ['event triggers', 'superuser', [32, 33]],
      ],
      views: [[35], [36]],
      leftOut: [37],
    })
  })

  it('never lets jobs restore rows together with what belongs to their parents', () => {
    const { plan } = summarize(TARGET)
    for (const pass of [...plan.before, ...plan.after])
      expect(
        new Set(pass.entries.map(({ section }) => section)).has('data') &&
          pass.entries.some(({ section }) => section === 'post-data'),
      ).toBe(false)
  })

  it('grants on what the archive makes at the end, on extension members as decoration', () => {
    expect(summarize({ ...TARGET, grants: true })).toMatchObject({
      bulk: [
        ['structure and rows', 'owner', expect.anything()],
        ['indexes and constraints', 'owner', [30, 31, 7]],
        expect.anything(),
      ],
      decoration: [3, 8],
    })
  })

  it('leaves event triggers out where they would fire', () => {
    expect(summarize({ ...DRILL, skipEventTriggers: true }).leftOut).toEqual([37, 32])
  })

  it('leaves out what a missing extension takes with it', () => {
    expect(summarize(TARGET, new Set(['20', '3'])).bulk[0]).toEqual([
      'structure and rows',
      'owner',
      [4, 5, 6, 9, 10, 11, 12, 21],
    ])
  })

  it('gives a view over a foreign server a minute, and others the time they need', () => {
    const [first = []] = planPasses(entries, TARGET).views
    expect(first.map(({ timeoutMs }) => timeoutMs)).toEqual([undefined, 60_000])
  })

  it('places every entry in one pass, or names why not', () => {
    for (const facts of [DRILL, TARGET, { ...TARGET, grants: true }]) {
      const { bulk, views, decoration, leftOut } = summarize(facts)
      const placed = [...bulk.flatMap(([, , some]) => some), ...views.flat(), ...decoration, ...leftOut]
      const handledBefore = [1, 2, 34, 38, ...(facts.grants ? [] : [7, 8])]
      expect([...placed, ...handledBefore].map(Number).toSorted((a, b) => a - b)).toEqual(ids(entries))
    }
  })
})
