import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { parseAptSource } from '../../../../src/postgres/install/apt/apt-source.ts'
import { readDistribution, readMachineSource } from '../../../../src/postgres/install/apt/machine-source.ts'

describe('the distribution', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'os-release-'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  test.each([
    ['ID=debian\nVERSION_CODENAME=bookworm\n', { id: 'debian', codename: 'bookworm' }],
    ['VERSION_CODENAME="noble"\nID="ubuntu"\nID_LIKE=debian', { id: 'ubuntu', codename: 'noble' }],
    ['ID=debian\n', undefined],
    ['ID=fedora\nVERSION_CODENAME=""\n', undefined],
    ['ID=linuxmint\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n', undefined],
  ])('of %j', async (text, expected) => {
    const file = join(root, 'os-release')
    await writeFile(file, text)
    expect(await readDistribution(file)).toEqual(expected)
  })

  it('of a machine without os-release is unknown', async () => {
    expect(await readDistribution(join(root, 'none'))).toBeUndefined()
  })
})

describe("this machine's source", () => {
  it('has its own release with updates and security fixes, all verified', async () => {
    const codename = (await readDistribution())?.codename
    const source = await readMachineSource(undefined, process.env)
    expect(source).toContain(`Suites: ${codename}\n`)
    expect(source).toContain(`Suites: ${codename}-updates\n`)
    expect(source).toContain(`Suites: ${codename}-security\n`)
    const stanzas = source.trim().split('\n\n')
    expect(new Set(stanzas).size).toBe(stanzas.length)
    for (const stanza of stanzas) expect(stanza).toMatch(/^Signed-By: \/usr\/share\/keyrings\//m)
    expect(parseAptSource(source)).toBe(source)
  })

  it('has one suite when one is named', async () => {
    const source = await readMachineSource('forky', process.env)
    expect(source.match(/^Suites: .*$/gm)).toEqual(['Suites: forky'])
  })
})
