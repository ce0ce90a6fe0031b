/**
 * Measures what an action costs before it does anything, and what setup-pg18 costs when it has nothing to do:
 *   start    the committed dist of every action, without inputs: it ends with INVALID_INPUT or a missing tool
 *   cold     setup-pg18 from a package source, nothing in the tool cache
 *   warm     the same once more
 *   system   setup-pg18 with its tools on the PATH
 * `node scripts/bench/start.ts [--rounds 5]` prints medians with their limits, and fails where one is not
 * kept. The packages come from the machine's own mirror, as for the lab.
 */
import { readdirSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { POSTGRES_18 } from '../../lab/debian-packages.ts'
import { readDistribution, readMachineSource } from '../../src/postgres/install/apt/machine-source.ts'
import { createWorkplace } from '../../test/support/runner/workplace.ts'
import { type ActionRun, runAction } from '../../test/support/runner.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
const ROUNDS = Number(values.rounds)
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin'

for (const name of readdirSync('actions')) {
  await report(`start of ${name}`, 300, ROUNDS, () => runAction(name, { env: { PATH: '/nonexistent' } }))
}
const { toolCache } = createWorkplace()
const aptSource = await readMachineSource(await suite(), process.env)
const fromApt = () => setUp({ source: 'apt', 'apt-source': aptSource }, PATH)
await report('setup-pg18 cold', 10_000, 1, fromApt)
await report('setup-pg18 warm', 500, ROUNDS, fromApt)
const { outputs } = await fromApt()
await report('setup-pg18 system', 500, ROUNDS, () =>
  setUp({ source: 'system' }, `${outputs['bin-dir']}:${PATH}`),
)

async function setUp(inputs: Readonly<Record<string, string>>, path: string): Promise<ActionRun> {
  const env = { PATH: path, RUNNER_TOOL_CACHE: toolCache }
  const run = await runAction('setup-pg18', { inputs: { 'security-floor': 'off', ...inputs }, env })
  if (run.exitCode !== 0) throw new Error(run.log)
  return run
}

async function report(what: string, limitMs: number, rounds: number, run: () => Promise<ActionRun>) {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) times.push((await run()).durationMs)
  const median = times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN
  console.log(`${what}: ${median} ms (at most ${limitMs})`)
  if (!(median <= limitMs)) process.exitCode = 1
}

async function suite(): Promise<string> {
  return POSTGRES_18.suites[(await readDistribution())?.id === 'ubuntu' ? 'ubuntu' : 'debian']
}
