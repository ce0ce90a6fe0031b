import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLabDirectories } from '../../lab/directory.ts'
import { type Lab, labDown, labUp } from '../../lab/lab.ts'
import { databaseUrl, withClient } from './database.ts'

/**
 * The lab's store with a Postgres server of its own, for a test that kills processes of the server: killing
 * one ends the sessions of all, and the lab's server has other tests to serve. `await using` stops and
 * removes it.
 */
export async function startPrivateServer({ s3 }: Lab): Promise<Lab & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-lab-'))
  const { packages } = await openLabDirectories()
  const env = {
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
  const stop = async () => {
    await labDown({ directory, packages, env })
    await rm(directory, { recursive: true, force: true })
  }
  try {
    // mkdtemp makes it private; the server runs as another user when we are root, and the lab opens it for
    // that.
    await chmod(directory, 0o711)
    const lab = await labUp({ directory, packages, env })
    await untilAnswers(databaseUrl(lab, 'postgres'))
    await keepCommits(databaseUrl(lab, 'postgres'))
    return { ...lab, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * A server that starts, or that lost a process, refuses connections for a moment. Rejects when it does so for
 * long.
 */
export async function untilAnswers(url: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await withClient(url, async () => {})
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(100)
    }
  }
}

const PATIENCE_MS = 30_000

/**
 * The lab loses its last commits when a backend is killed; a test that kills one looks at what was committed.
 */
async function keepCommits(url: string): Promise<void> {
  await withClient(url, client => client.query('ALTER ROLE ALL SET synchronous_commit = on'))
  await withClient(url, client => client.query('CHECKPOINT'))
}
