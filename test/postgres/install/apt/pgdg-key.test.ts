import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unpackPackages } from '../../../../lab/apt-root.ts'
import { readMachineSource } from '../../../../src/postgres/install/apt/machine-source.ts'
import { PGDG_FINGERPRINT, PGDG_KEY } from '../../../../src/postgres/install/apt/pgdg-key.ts'
import { silentLog } from '../../../support/install/silent-log.ts'

/** Of a version 4 key: SHA-1 over 0x99, the length and the body of the first packet (RFC 4880 §12.2). */
function fingerprint(armoured: string): string {
  const [, base64 = ''] = /\n\n([\s\S]*?)\n=/.exec(armoured) ?? []
  const packets = Buffer.from(base64, 'base64')
  const length = packets.readUInt16BE(1)
  expect(packets[0], 'an old-format public key packet with a length of two bytes').toBe(0x99)
  return createHash('sha1')
    .update(packets.subarray(0, 3 + length))
    .digest('hex')
    .toUpperCase()
}

describe("the PostgreSQL project's key", () => {
  let root: string
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'pgdg-key-'))
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  it('has the fingerprint that the project publishes', () => {
    expect(fingerprint(PGDG_KEY)).toBe('B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8')
    expect(PGDG_FINGERPRINT).toBe('B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8')
  })

  it('is, byte for byte, the one in the package that the distribution signed', async () => {
    await unpackPackages({
      root,
      source: await readMachineSource(undefined, process.env),
      packages: ['postgresql-common'],
      keep: name => name === 'postgresql-common',
      env: process.env,
      log: silentLog,
    })
    const file = join(root, 'usr/share/postgresql-common/pgdg/apt.postgresql.org.asc')
    expect(PGDG_KEY.trim()).toBe((await readFile(file, 'utf8')).trim())
  })
})
