import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import type { TestBucket } from '../../test/support/bucket.ts'
import { type ActionOptions, type ActionRun, startAction } from '../../test/support/runner.ts'
import { type Contender, otherSample, type Sample } from './contest.ts'
import { watchParts } from './parts.ts'

/** One of our actions. */
export function actionContender(action: string, options: () => ActionOptions): Contender {
  return { name: action, run: async () => (await measureAction(action, options())).sample }
}

/** Runs one of our actions. Throws its log where it failed. */
export async function measureAction(
  action: string,
  options: ActionOptions,
): Promise<{ readonly run: ActionRun; readonly sample: Sample }> {
  const started = startAction(action, options)
  const readParts = watchParts(action, started)
  const run = await started.finished
  if (run.exitCode !== 0) throw new Error(run.log)
  return {
    run,
    sample: {
      seconds: run.durationMs / 1000,
      cpuSeconds: run.cpuSeconds,
      peakBytes: run.peakRssBytes,
      summaryBytes: Buffer.byteLength(run.summary),
      parts: readParts(),
    },
  }
}

/** What an operator would type instead: a line of bash, with `pipefail`. */
export function shellContender(
  name: string,
  commandLine: string,
  env: Readonly<Record<string, string>>,
): Contender {
  return { name, run: async () => otherSample(await runShell(commandLine, env)) }
}

/** Seconds that a line of bash took. Throws when it fails. */
export async function runShell(commandLine: string, env: Readonly<Record<string, string>>): Promise<number> {
  const startedAt = performance.now()
  const child = spawn('bash', ['-o', 'pipefail', '-c', commandLine], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [exitCode] = await once(child, 'close')
  if (exitCode !== 0) throw new Error(`${commandLine} ended with ${exitCode}`)
  return (performance.now() - startedAt) / 1000
}

/**
 * The uploaders on this machine, each reading standard input: Debian's awscli, and rclone where it is
 * installed.
 */
export function uploaders(bucket: TestBucket, endpoint: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const copy = `aws s3 cp --only-show-errors --endpoint-url ${endpoint} - s3://${bucket.name}/by-hand.dump`
  if (isInstalled('aws')) found.set('pg_dump | aws s3 cp', copy)
  const remote = `:s3,provider=Ceph,env_auth=true,endpoint="${endpoint}":${bucket.name}/rclone.dump`
  if (isInstalled('rclone')) found.set('pg_dump | rclone rcat', `rclone rcat '${remote}'`)
  return found
}

export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { env: process.env, stdio: 'ignore' }).status === 0
}
