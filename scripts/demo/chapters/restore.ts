import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { Readable, type Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { TestBucket } from '../../../test/support/bucket.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { labEnvironment } from '../../../test/support/dump.ts'
import type { ActionRun } from '../../../test/support/runner.ts'
import type { Stage } from '../stage.ts'

type Variables = Readonly<Record<string, string>>

/**
 * Restores the archive into an empty database with the very command that the job summary gives, in a shell
 * that knows nothing of pg-runbook. Without an `aws` on the PATH, the SDK takes its place and feeds the same
 * pg_restore.
 */
export async function restore(
  { page, lab }: Stage,
  bucket: TestBucket,
  run: ActionRun,
  target: TestDatabase,
): Promise<void> {
  const env = { ...plainEnvironment(), ...labEnvironment(lab), TARGET_URL: target.url }
  const command = streamCommand(run.summary)
  const aws = versionOf('aws', env)
  page.say(
    `With ${aws ?? 'the AWS SDK, because there is no aws on the PATH'}, and ${versionOf('pg_restore', env)}.\n`,
  )
  if (aws !== undefined) {
    page.say(`$ ${command}`)
    await runShell(command, env)
  } else {
    const pgRestore = command.replace(/^.*? \| /s, '')
    page.say(`$ … | ${pgRestore}`)
    await runShell(pgRestore, env, await readArchive(bucket, run))
  }
}

/** The command that restores straight from the bucket, as the summary has it. */
function streamCommand(summary: string): string {
  const blocks = [...summary.matchAll(/^```bash\n(.*?)\n```$/gms)].map(([, command = '']) => command)
  const command = blocks.find(block => block.includes('| pg_restore'))
  if (command === undefined)
    throw new Error('The summary has no command that restores straight from the bucket')
  return command
}

async function runShell(command: string, env: Variables, input?: Readable): Promise<void> {
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], { env, stdio: ['pipe', 'inherit', 'pipe'] })
  const [complaint, [exitCode]] = await Promise.all([
    text(child.stderr),
    once(child, 'close'),
    feed(child.stdin, input),
  ])
  if (exitCode !== 0) throw new Error(`The restore ended with exit code ${exitCode}: ${complaint.trim()}`)
}

/** A tool that gives up early closes its input; its exit code says why. */
async function feed(stdin: Writable, input: Readable = Readable.from([])): Promise<void> {
  await pipeline(input, stdin).catch(error => {
    if (error.code !== 'EPIPE') throw error
  })
}

async function readArchive(bucket: TestBucket, run: ActionRun): Promise<Readable> {
  const Key = run.outputs['archive-uri']?.replace(`s3://${bucket.name}/`, '')
  const { Body } = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key }))
  if (!(Body instanceof Readable)) throw new Error(`${Key} came without a body`)
  return Body
}

/** What the shell of this machine has, less what would lead the tools to another database or store. */
function plainEnvironment(): Variables {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^(AWS|PG)/.test(entry[0]),
  )
  return Object.fromEntries(entries)
}

/** What it calls itself, up to the version; undefined where it cannot be run. */
function versionOf(tool: string, env: Variables): string | undefined {
  const { status, stdout } = spawnSync(tool, ['--version'], { env, encoding: 'utf8' })
  return status === 0 ? /^\D*[\d.]+/.exec(stdout)?.[0] : undefined
}
