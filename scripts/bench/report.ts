import { renderBytes } from '../../src/core/text/bytes.ts'
import type { Aim, Section } from './contest.ts'

/** The machine and the versions that figures were measured on. */
export interface Machine {
  readonly processors: string
  readonly memoryBytes: number
  readonly node: string
  readonly postgres: string
  readonly measuredOn: string
  readonly command: string
}

/** docs/benchmarks.md: aims first, then every contest with its medians. */
export function renderReport(sections: readonly Section[], machine: Machine): string {
  return [
    '# Benchmarks',
    '',
    `Written by \`${machine.command}\` on ${machine.measuredOn}, on a machine that database, store and runner share:`,
    `${machine.processors}, ${renderBytes(machine.memoryBytes)} of memory, Node ${machine.node}, ${machine.postgres}.`,
    'Times are medians of a noisy machine: trust the ratios, which come from one run.',
    '',
    '## Aims',
    '',
    '| Contest | Figure | Measured | Aim | |',
    '|---|---|---|---|---|',
    ...sections.flatMap(({ title, aims }) => aims.map(aim => renderAim(title, aim))),
    '',
    '## Contests',
    ...sections.flatMap(renderSection),
    '',
  ].join('\n')
}

export function isHeld({ value, limit }: Aim): boolean {
  return value <= limit
}

function renderAim(title: string, aim: Aim): string {
  const { name, value, limit, render } = aim
  return `| ${title} | ${cell(name)} | ${render(value)} | at most ${render(limit)} | ${isHeld(aim) ? 'held' : '**missed**'} |`
}

function renderSection({ title, results }: Section): readonly string[] {
  return [
    '',
    `### ${title}`,
    '',
    '| | Seconds | CPU seconds of our process | Peak memory |',
    '|---|---|---|---|',
    ...[...results].map(
      ([name, { seconds, cpuSeconds, peakBytes }]) =>
        `| ${cell(name)} | ${seconds.toFixed(1)} | ${cpuSeconds?.toFixed(1) ?? ''} | ${peakBytes === null ? '' : renderBytes(peakBytes)} |`,
    ),
  ]
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
