import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { GIB, MIB } from '../../../src/core/text/bytes.ts'
import { readFreeBytes, requireSpace } from '../../../src/postgres/install/disk-space.ts'

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
})
