import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { MIB } from '../../src/core/text/bytes.ts'
import { createBucket } from '../support/bucket.ts'
import { theLab } from '../support/lab.ts'
import { createWorkplace } from '../support/runner/workplace.ts'

const lab = theLab()
const PROGRAM = fileURLToPath(new URL('../support/storage/transfer-program.ts', import.meta.url))

/** Mounts a disk of that size, in a namespace that ends with the command behind it. */
const ON_SMALL_DISK = 'mount -t tmpfs -o size="$1" tmpfs "$TMPDIR" && shift && exec "$@"'

describe('a download onto a disk that fills up', () => {
  it('says so, and does not blame the store', async () => {
    await using bucket = await createBucket(lab)
    const env = {
      PATH: process.env.PATH,
      TMPDIR: createWorkplace().temp,
      AWS_ACCESS_KEY_ID: lab.s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: lab.s3.secretAccessKey,
    }
    const isRoot = process.getuid?.() === 0
    const namespace = isRoot ? ['--mount'] : ['--user', '--map-root-user', '--mount']
    const transfer = [PROGRAM, 'round-trip', bucket.name, lab.s3.endpoint, lab.s3.region, String(20 * MIB)]
    const child = spawn(
      'unshare',
      [...namespace, 'sh', '-c', ON_SMALL_DISK, 'sh', '5m', process.execPath, ...transfer],
      { env, stdio: ['ignore', 'pipe', 'pipe'] },
    )

    const [said, complaint, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])

    expect(complaint).toContain('DISK_FULL')
    expect(complaint).not.toContain('STORE_')
    expect(said).toBe('')
    expect(exitCode).toBe(1)
  })
})
