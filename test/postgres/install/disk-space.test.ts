import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { GIB, MIB } from '../../../src/core/bytes.ts'
import { explainFullDisk, readFreeBytes, requireSpace } from '../../../src/postgres/install/disk-space.ts'

describe('disk space', () => {
  it('is what an ordinary user may still use', async () => {
    const { bavail, bsize } = await statfs(tmpdir())
    const free = await readFreeBytes(tmpdir())
    expect(Math.abs(free - bavail * bsize)).toBeLessThan(GIB)
    expect(free).toBeGreaterThan(0)
  })

  it('is enough when it is exactly enough', () => {
    requireSpace('/tools', 100 * MIB, 100 * MIB)
    expect(() => requireSpace('/tools', 100 * MIB, 100 * MIB - 1)).toThrow(
      'The packages need 100 MiB in /tools, and 100 MiB are free',
    )
  })

  it('is named as the reason when the system ran out of it', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    expect(() => explainFullDisk(full)).toThrow(expect.objectContaining({ code: 'DISK_FULL', cause: full }))
    const other = new Error('something else')
    expect(() => explainFullDisk(other)).toThrow(other)
  })
})
