import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type ArchivePipe, createArchivePipe } from '../../../src/postgres/client-tools/archive-pipe.ts'
import { createWorkplace } from '../../support/runner/workplace.ts'

/** A child that writes into the pipe. */
function write(pipe: ArchivePipe, script: string): void {
  spawn(process.execPath, ['-e', script], { stdio: ['ignore', pipe.writeEnd, 'inherit'] })
  closeSync(pipe.writeEnd)
}

const BYTES = 3_000_001
const WRITE_ALL = `process.stdout.write(Buffer.from(Array.from({ length: ${BYTES} }, (_, i) => (i * i) % 251)))`
const ALL = Buffer.from(Array.from({ length: BYTES }, (_, i) => (i * i) % 251))

describe('an archive pipe', () => {
  it.each([1, 1000, 65_536, 65_537, 128 * 1024, 4_000_000])('gives every byte in fills of %i', async size => {
    const expected = size === 1 ? ALL.subarray(0, 5000) : ALL
    const pipe = await createArchivePipe(createWorkplace().temp)
    write(pipe, WRITE_ALL.replace(String(BYTES), String(expected.length)))
    const hash = createHash('sha256')
    let bytes = 0

    for (let used = size; used === size; ) {
      const into = Buffer.alloc(size)
      used = await pipe.source.fill(into)
      hash.update(into.subarray(0, used))
      bytes += used
    }

    expect(bytes).toBe(expected.length)
    expect(hash.digest('hex')).toBe(createHash('sha256').update(expected).digest('hex'))
    await expect(pipe.source.fill(Buffer.alloc(1))).resolves.toBe(0)
  })

  it('lets the writer wait while nobody reads', async () => {
    const pipe = await createArchivePipe(createWorkplace().temp)
    write(pipe, WRITE_ALL)
    await sleep(300)

    const first = Buffer.alloc(10)
    await expect(pipe.source.fill(first)).resolves.toBe(10)
    expect(first.equals(ALL.subarray(0, 10))).toBe(true)
    await sleep(100)

    const rest = Buffer.alloc(BYTES)
    await expect(pipe.source.fill(rest)).resolves.toBe(BYTES - 10)
    expect(rest.subarray(0, BYTES - 10).equals(ALL.subarray(10))).toBe(true)
  })

  it('leaves no name behind', async () => {
    const { temp } = createWorkplace()
    const pipe = await createArchivePipe(temp)
    expect(await readdir(temp)).toEqual([])
    write(pipe, '')
    await expect(pipe.source.fill(Buffer.alloc(10))).resolves.toBe(0)
  })

  it('gives up a fill that waits when it is stopped, and any later one', async () => {
    const pipe = await createArchivePipe(createWorkplace().temp)
    const reason = new Error('the job was cancelled')
    const waiting = pipe.source.fill(Buffer.alloc(10))

    pipe.source.stop(reason)

    await expect(waiting).rejects.toBe(reason)
    await expect(pipe.source.fill(Buffer.alloc(10))).rejects.toBe(reason)
    closeSync(pipe.writeEnd)
  })

  it('says which directory does not take it', async () => {
    await expect(createArchivePipe('/proc')).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringContaining('/proc/archive-pipe'),
    })
  })
})
