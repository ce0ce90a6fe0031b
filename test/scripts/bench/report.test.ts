import { expect, it } from 'vitest'
import { atMost, renderTimes } from '../../../scripts/bench/aim.ts'
import { otherSample, type Section } from '../../../scripts/bench/contest.ts'
import { type Machine, renderReport } from '../../../scripts/bench/report.ts'
import { proseProblems } from '../../../scripts/check/prose.ts'

const MACHINE: Machine = {
  processors: '2 × Example',
  memoryBytes: 2 ** 34,
  versions: ['Node 24.0.0', 'PostgreSQL 18.6'],
  measuredOn: '2026-12-01',
  command: 'npm run bench -- --write',
}

const DUMP: Section = {
  title: 'Dump of one huge table, 512 MiB',
  about: 'Next to bare pg_dump.',
  results: new Map([
    ['pg_dump | aws s3 cp', otherSample(4)],
    [
      'dump-to-s3',
      {
        ...otherSample(2.04, [
          { name: 'before pg_dump', seconds: 0.5 },
          { name: 'pg_dump', seconds: 1.54 },
        ]),
        cpuSeconds: 0.5,
        peakBytes: 2 ** 27,
      },
    ],
  ]),
  aims: [atMost('dump-to-s3 / pg_dump | aws s3 cp', 0.51, 0.3, renderTimes)],
}

const PLAN: Section = {
  title: 'Plan of the upload',
  about: 'Computed.',
  results: new Map(),
  table: { head: ['Database', 'Part'], rows: [['1.00 GiB', '16.0 MiB']] },
  aims: [atMost('memory', 1, 2, String)],
}

const report = renderReport(
  [
    { name: 'dump', about: 'Dumps', sections: [DUMP] },
    { name: 'plan', about: 'Plans', sections: [PLAN] },
  ],
  MACHINE,
)
const lines = report.split('\n')

it('names each group with the command that repeats it', () => {
  expect(lines).toContain('| Dumps | `npm run bench -- --only dump` |')
  expect(lines).toContain('| Plans | `npm run bench -- --only plan` |')
})

it('names the machine, the versions and the command', () => {
  expect(report).toContain('`npm run bench -- --write` on 2026-12-01')
  expect(report).toContain('2 × Example, 16.0 GiB of memory; Node 24.0.0, PostgreSQL 18.6.')
})

it('says of every aim whether it is held', () => {
  expect(lines).toContain('| dump-to-s3 / pg_dump \\| aws s3 cp | 0.51 × | at most 0.30 × | **missed** |')
  expect(lines).toContain('Held: 1 of 2.')
  expect(lines).toContain('| memory | 1 | at most 2 | held |')
})

it('shows the figures of a contest and where its time went', () => {
  expect(lines).toContain('| pg_dump \\| aws s3 cp | 4.0 |  |  |')
  expect(lines).toContain('| dump-to-s3 | 2.0 | 0.5 | 128 MiB |')
  expect(lines).toContain('- dump-to-s3: before pg_dump 0.5 s, pg_dump 1.5 s')
})

it('shows the table of a contest that has no times', () => {
  const section = report.slice(report.indexOf('### Plan of the upload'))
  expect(section).toContain('| 1.00 GiB | 16.0 MiB |')
  expect(section).not.toContain('Seconds')
})

it('is prose as docs/style.md wants it', () => {
  expect(proseProblems('docs/benchmarks.md', report)).toEqual([])
})
