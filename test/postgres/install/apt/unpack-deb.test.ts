import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCommand } from '../../../../src/postgres/client-tools/run-command.ts'
import { unpackDebs } from '../../../../src/postgres/install/apt/unpack-deb.ts'
import { ToolCache } from '../../../../src/postgres/install/tool-cache.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'unpack-deb-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' }

/** A package of many small files, which takes a while. */
async function makeDeb(name: string): Promise<string> {
  const root = join(directory, name)
  await mkdir(join(root, 'DEBIAN'), { recursive: true })
  await writeFile(
    join(root, 'DEBIAN/control'),
    `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: t <t@example.com>\nDescription: t\n`,
  )
  for (let i = 0; i < 40; i += 1) {
    await mkdir(join(root, `usr/lib/${name}/${i}`), { recursive: true })
    for (let j = 0; j < 100; j += 1) await writeFile(join(root, `usr/lib/${name}/${i}/${j}`), 'x')
  }
  await runCommand('dpkg-deb', ['--build', '-Znone', root, `${root}.deb`], { env })
  return `${root}.deb`
}

it('names a damaged package in the error, and leaves nothing of the others', async () => {
  const good = [await makeDeb('one'), await makeDeb('two')]
  const bad = join(directory, 'bad.deb')
  await writeFile(bad, 'no package')
  const root = join(directory, 'cache')
  const facts = {
    version: { major: 18, minor: 7 },
    origin: 'o',
    components: ['client'],
    extensions: [],
    arch: 'x64',
    packages: [],
  } as const

  const added = ToolCache.forThisJob(root).add(facts, Date.now(), into =>
    unpackDebs(into, [...good, bad], env),
  )

  await expect(added).rejects.toMatchObject({ message: expect.stringContaining('unpacking bad.deb') })
  expect(await readdir(root)).toEqual([])
})
