import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import type { Lab } from '../../lab/lab.ts'

/** Restores an archive with stock pg_restore from standard input, as `aws s3 cp … - | pg_restore` does. */
export async function stockRestore(lab: Lab, archive: Buffer, url: string): Promise<void> {
  await run(lab, 'pg_restore', ['--exit-on-error', '--no-owner', '--no-acl', '--dbname', url], archive)
}

/** An archive in custom format, made by stock pg_dump. */
export async function stockDump(lab: Lab, url: string): Promise<Buffer> {
  return run(lab, 'pg_dump', ['--format=custom', '--compress=zstd:1', '--dbname', url])
}

/**
 * SHA-256 over a plain dump of the whole database without owners, comments of the tool and random keys: equal
 * for equal databases.
 */
export async function databaseDigest(lab: Lab, url: string): Promise<string> {
  const script = await run(lab, 'pg_dump', [
    '--no-owner',
    '--no-acl',
    '--restrict-key=fixed',
    '--dbname',
    // The settings of a database that change what pg_dump writes.
    `${url}?options=-c%20bytea_output%3Dhex%20-c%20timezone%3DUTC`,
  ])
  return createHash('sha256').update(script).digest('hex')
}

async function run(lab: Lab, tool: string, args: readonly string[], input?: Buffer): Promise<Buffer> {
  const child = spawn(join(lab.postgres.binDir, tool), args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const closed = once(child, 'close')
  // A tool that gives up early closes its input; its exit code says why.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), text(child.stderr)])
  const [exitCode] = await closed
  if (exitCode !== 0) throw new Error(`${tool} ended with ${exitCode}: ${stderr}`)
  return stdout
}
