import { renderBytes } from '../../src/core/text/bytes.ts'
import type { Aim } from './aim.ts'
import type { Results, Section, Table } from './contest.ts'
import { renderParts } from './parts.ts'

/** The machine and the versions that figures were measured on. */
export interface Machine {
  readonly processors: string
  readonly memoryBytes: number
  /** Programs and their versions. */
  readonly versions: readonly string[]
  readonly measuredOn: string
  readonly command: string
}

/** Contests that one command repeats: `npm run bench -- --only <name>`. */
export interface Group {
  readonly name: string
  readonly about: string
  readonly sections: readonly Section[]
}

const HOW_TO_READ = `Database, store and runner share one machine, so a busy one slows all of them. Times are medians of
the rounds. Trust the ratios, whose two sides come from one run. On loopback there is no delay. A far network is a proxy: it delays
answers by the round trip, and limits the speed of each connection. CPU seconds and peak memory are those of our own process,
without pg_dump and pg_restore. *Where the time went* adds up to the whole run, start-up included. An aim is missed where the figure
is worse, or was not measured; where the time went shows what limits it.`

/** docs/benchmarks.md: what there is, then the aims, then every contest with its medians. */
export function renderReport(groups: readonly Group[], machine: Machine): string {
  const sections = groups.flatMap(group => group.sections)
  const aims = sections.flatMap(section => section.aims)
  return [
    '# Benchmarks',
    '',
    'How dump-to-s3, verify-drill and restore-from-s3 compare with the commands that you would type instead.',
    `Written by \`${machine.command}\` on ${machine.measuredOn}.`,
    `Measured on ${machine.processors}, ${renderBytes(machine.memoryBytes)} of memory; ${machine.versions.join(', ')}.`,
    '',
    HOW_TO_READ,
    '',
    ...renderTable({
      head: ['Contests', 'To repeat them'],
      rows: groups.map(({ name, about }) => [about, `\`npm run bench -- --only ${name}\``]),
    }),
    '',
    '## Aims',
    '',
    `Held: ${aims.filter(({ isHeld }) => isHeld).length} of ${aims.length}.`,
    '',
    ...sections.flatMap(renderAims),
    '## Contests',
    ...sections.flatMap(renderSection),
    '',
  ].join('\n')
}

function renderAims({ title, aims }: Section): readonly string[] {
  if (aims.length === 0) return []
  return [
    ...renderTable({
      head: [title, 'Measured', 'Aim', ''],
      rows: aims.map(renderAim),
    }),
    '',
  ]
}

function renderAim({ name, measured, expected, isHeld }: Aim): readonly string[] {
  return [name, measured, expected, isHeld ? 'held' : '**missed**']
}

function renderSection({ title, about, results, table }: Section): readonly string[] {
  return [
    '',
    `### ${title}`,
    '',
    about,
    ...(results.size === 0 ? [] : ['', ...renderTable(toTable(results))]),
    ...(table === undefined ? [] : ['', ...renderTable(table)]),
    ...renderWhere(results),
  ]
}

function toTable(results: Results): Table {
  return {
    head: ['', 'Seconds', 'CPU seconds', 'Peak memory'],
    rows: [...results].map(([name, { seconds, cpuSeconds, peakBytes }]) => [
      name,
      seconds.toFixed(1),
      cpuSeconds?.toFixed(1) ?? '',
      peakBytes === null ? '' : renderBytes(peakBytes),
    ]),
  }
}

/** What limits a contender, as it was measured. */
function renderWhere(results: Results): readonly string[] {
  const known = [...results].filter(([, { parts }]) => parts.length > 0)
  if (known.length === 0) return []
  return [
    '',
    'Where the time went:',
    '',
    ...known.map(([name, { parts }]) => `- ${name}: ${renderParts(parts)}`),
  ]
}

function renderTable({ head, rows }: Table): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)]
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
