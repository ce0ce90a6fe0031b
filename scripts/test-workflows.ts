/**
 * `npm run test:workflows`: the workflow files that people install, run by nektos/act against a real Postgres
 * and a real S3 store. Exits 1 where a scenario fails, and where act cannot be had. `--only TEXT` runs the
 * scenarios whose name holds it, `--dist DIR` takes another build than the committed one.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { borrowLab } from '../lab/lab.ts'
import { errorMessage } from '../src/core/errors.ts'
import { renderDuration } from '../src/core/text/duration.ts'
import { copySuite } from './workflows/copy.ts'
import { findGoTool, type GoTool } from './workflows/go-tool.ts'
import { awsCommands } from './workflows/scenarios/aws.ts'
import { oneOfTwoIsDown } from './workflows/scenarios/backup.ts'
import { gateStopsDeploy, gateThenDeploy } from './workflows/scenarios/deploy.ts'
import { backupThenDrill, tamperedThenDrill } from './workflows/scenarios/drill.ts'
import { backupTooOld } from './workflows/scenarios/freshness.ts'
import { fiveMinutes } from './workflows/scenarios/readme.ts'
import { drillRecovery, recoverAndCutOver } from './workflows/scenarios/render.ts'
import { restoreWhenConfirmed } from './workflows/scenarios/restore.ts'
import type { Stage } from './workflows/stage.ts'

const ACT: GoTool = {
  name: 'act',
  module: 'github.com/nektos/act',
  version: 'v0.2.87',
  versionArguments: ['--version'],
}

const SCENARIOS: ReadonlyArray<readonly [name: string, run: (stage: Stage) => Promise<void>]> = [
  ['two databases, one is down: the other is backed up, the run fails', oneOfTwoIsDown],
  ['backup, then drill: the drill passes', backupThenDrill],
  ['backup, tampered with, then drill: the drill fails', tamperedThenDrill],
  [
    'gate passes: deploy runs, soak, backup of the new state; an unhealthy one is not backed up',
    gateThenDeploy,
  ],
  ['gate fails: deploy does not run', gateStopsDeploy],
  [
    'restore: a wrong confirmation touches nothing, the right one brings the backup back',
    restoreWhenConfirmed,
  ],
  ["Render's recovery: verified, cut over, undone", recoverAndCutOver],
  ["the drill of Render's recovery: passes, fails, and its recovery fails", drillRecovery],
  ['the five minutes of README.md: its commands, its workflow, its restore by hand', fiveMinutes],
  ['the commands of examples/aws-oidc, in their order', awsCommands],
  ['a backup that is too old: the check fails and reports; one that is not: it passes', backupTooOld],
]

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, dist: { type: 'string', default: 'dist' } },
})
const say = (text: string) => process.stdout.write(`${text}\n`)

try {
  const chosen = SCENARIOS.filter(([name]) => name.includes(values.only))
  if (chosen.length === 0) throw new Error(`No scenario has "${values.only}" in its name`)
  await testWorkflows(chosen)
} catch (error) {
  process.stderr.write(`\ntest:workflows failed: ${errorMessage(error)}\n`)
  process.exitCode = 1
}

async function testWorkflows(scenarios: typeof SCENARIOS): Promise<void> {
  const { path, version, origin } = await findGoTool(ACT, say)
  say(`act ${version}, ${origin}`)
  await using lab = await borrowLab()
  say(`Postgres at ${lab.postgres.host}:${lab.postgres.port}, S3 at ${lab.s3.endpoint}`)
  const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-workflows-'))
  // As root, the server of a drill runs as another user, which must pass through to its files.
  chmodSync(directory, 0o711)
  try {
    const suite = join(directory, 'suite')
    const rewritten = new Map<string, number>()
    copySuite(suite, values.dist, rewritten)
    const stage = { lab, act: path, suite, directory, rewritten, signal: interruption() }
    const failed = await runAll(scenarios, stage)
    say('\nChanged in the copies that ran, and nothing else:')
    for (const [what, count] of rewritten) say(`- ${count} × ${what}`)
    if (failed > 0) throw new Error(`${failed} of ${scenarios.length} scenarios`)
    say(`\ntest:workflows: all ${scenarios.length} scenarios passed`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function runAll(scenarios: typeof SCENARIOS, stage: Stage): Promise<number> {
  let failed = 0
  for (const [name, run] of scenarios) {
    const started = performance.now()
    const problem = await run(stage).then(
      () => undefined,
      error => errorMessage(error),
    )
    say(
      `${problem === undefined ? 'ok    ' : 'FAILED'} ${renderDuration(performance.now() - started)}  ${name}`,
    )
    if (problem !== undefined) say(problem)
    failed += problem === undefined ? 0 : 1
  }
  return failed
}

function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => controller.abort())
  return controller.signal
}
