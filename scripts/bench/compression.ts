/**
 * Measures what pg_dump's compression costs and gains on three kinds of data, on the lab: the size of the
 * archive, wall and CPU time of `pg_dump -Fc` to /dev/null, and of decoding every byte with `pg_restore -f
 * /dev/null`. `node scripts/bench/compression.ts [--size 512MiB] [--rounds 2]`. Of several rounds the better
 * is taken: noise only adds.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { labKeep } from '../../lab/lab.ts'
import { MIB } from '../../src/core/text/bytes.ts'
import { BENCH_KINDS, type BenchKind, ensureBench, parseSize } from '../../test/data/bench.ts'
import { better, type Measured, measure } from './measured-command.ts'

const METHODS = [
  'none',
  'lz4',
  'zstd:1',
  'zstd:2',
  'zstd:3',
  'zstd:5',
  'zstd:9',
  'zstd:level=1,long',
  'gzip:6',
] as const

interface Cell {
  bytes: number
  dump?: Measured
  decode?: Measured
}

const { values } = parseArgs({
  options: { size: { type: 'string', default: '512MiB' }, rounds: { type: 'string', default: '2' } },
})

const lab = await labKeep()
const [pgDump, pgRestore] = ['pg_dump', 'pg_restore'].map(tool => `'${join(lab.postgres.binDir, tool)}'`)
const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-compression-'))
try {
  for (const kind of BENCH_KINDS) await measureKind(kind)
} finally {
  await rm(directory, { recursive: true })
}

async function measureKind(kind: BenchKind): Promise<void> {
  const env = await environment(kind)
  const cells = new Map<string, Cell>(METHODS.map(method => [method, { bytes: 0 }]))
  // Whole rounds, not the same cell twice: a busy minute of the machine should not hit both.
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const [method, cell] of cells) await measureCell(cell, method, env)
  }
  console.log(renderTable(kind, cells))
}

async function measureCell(cell: Cell, method: string, env: Readonly<Record<string, string>>): Promise<void> {
  const archive = join(directory, method.replace(/\W/g, '-'))
  const dump = `${pgDump} --format=custom --compress=${method}`
  if (cell.bytes === 0) {
    await measure(`${dump} > '${archive}'`, env)
    cell.bytes = (await stat(archive)).size
  }
  cell.dump = better(cell.dump, await measure(`${dump} > /dev/null`, env))
  cell.decode = better(cell.decode, await measure(`${pgRestore} -f /dev/null '${archive}'`, env))
}

async function environment(kind: BenchKind): Promise<Record<string, string>> {
  const database = await ensureBench(lab, kind, parseSize(values.size))
  const { host, port, user, password } = lab.postgres
  return {
    PATH: process.env.PATH ?? '',
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
  }
}

function renderTable(kind: string, cells: ReadonlyMap<string, Cell>): string {
  const plain = cells.get('none')?.bytes ?? Number.NaN
  const rows = [...cells].map(([method, { bytes, dump, decode }]) => {
    const figures = [dump?.seconds, dump?.cpuSeconds, decode?.seconds].map(n => (n ?? Number.NaN).toFixed(2))
    return `| ${method} | ${(bytes / MIB).toFixed(0)} | ${((100 * bytes) / plain).toFixed(0)} % | ${figures.join(' | ')} |`
  })
  return [
    '',
    `${kind}, ${values.size}`,
    '',
    '| compression | archive MiB | of plain | pg_dump s | its CPU s | decode s |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}
