import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { GIB, MIB } from '../../src/core/text/bytes.ts'
import { createBucket } from '../support/bucket.ts'
import { theLab } from '../support/lab.ts'
import { MemoryWatch } from '../support/runner/memory.ts'

const lab = theLab()
const PROGRAM = fileURLToPath(new URL('../support/storage/transfer-program.ts', import.meta.url))

/** Runs the program in a process of its own and returns what it said and the most memory that it took. */
async function run(
  bucket: string,
  mode: string,
  bytes: number,
): Promise<{ said: string; peakBytes: number }> {
  const env = {
    PATH: process.env.PATH,
    AWS_ACCESS_KEY_ID: lab.s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: lab.s3.secretAccessKey,
  }
  const args = [PROGRAM, mode, bucket, lab.s3.endpoint, lab.s3.region, String(bytes)]
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const watch = new MemoryWatch(child.pid ?? 0)
  const closed = once(child, 'close')
  const said = await text(child.stdout)
  const [exitCode] = await closed
  watch.stop()
  expect(exitCode).toBe(0)
  return { said, peakBytes: watch.peakBytes }
}

describe('memory', () => {
  it('does not grow with what goes to the store and comes back', async () => {
    await using bucket = await createBucket(lab)
    // Node itself, the SDK, and what it takes to run TypeScript as it is.
    const idle = await run(bucket.name, 'send', 1000)
    expect(idle.peakBytes).toBeGreaterThan(50 * MIB)

    const sent = await run(bucket.name, 'send', GIB)
    expect(sent.peakBytes).toBeLessThan(250 * MIB)

    // A lag of 64 MiB, once for all copies.
    const copied = await run(bucket.name, 'copies', 400 * MIB)
    expect(copied.peakBytes).toBeLessThan(250 * MIB + 64 * MIB)

    const fetched = await run(bucket.name, 'round-trip', 400 * MIB)
    expect(fetched.said).toBe('the same\n')
    expect(fetched.peakBytes - idle.peakBytes).toBeLessThan(200 * MIB)
  }, 120_000)
})
