import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findTool } from '../../../src/postgres/client-tools/find-tool.ts'

describe('findTool', () => {
  let root: string
  const path = (...names: string[]) => [...names.map(name => join(root, name)), '/usr/bin', '/bin'].join(':')

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'find-tool-'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  /** A program that answers --version; what findTool sees of any PostgreSQL tool. */
  async function program(place: string, version: string): Promise<void> {
    const file = join(root, place)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `#!/bin/sh\necho '${file.split('/').at(-1)} (PostgreSQL) ${version}'\n`)
    await chmod(file, 0o755)
  }

  it('takes the first program on the PATH', async () => {
    await program('a/pg_dumpall', '17.2')
    await program('b/pg_dumpall', '18.6 (Debian 18.6-3)')
    expect(await findTool('pg_dumpall', { path: path('a', 'b') })).toEqual({
      path: join(root, 'a/pg_dumpall'),
      version: { major: 17, minor: 2 },
    })
  })

  it('passes over a major that is too old, a directory and a file that cannot be run', async () => {
    await mkdir(join(root, 'a/pg_dumpall'), { recursive: true })
    await program('b/pg_dumpall', '18.9')
    await chmod(join(root, 'b/pg_dumpall'), 0o644)
    await program('c/pg_dumpall', '17.2')
    await program('d/pg_dumpall', '18.6')
    const found = await findTool('pg_dumpall', { path: path('a', 'b', 'c', 'd'), atLeastMajor: 18 })
    expect(found?.path).toBe(join(root, 'd/pg_dumpall'))
  })

  it('looks behind pg_wrapper for the newest version installed', async () => {
    await program('usr/share/postgresql-common/pg_wrapper', '16.0')
    await program('usr/lib/postgresql/9/bin/pg_dumpall', '9.6')
    await program('usr/lib/postgresql/18/bin/pg_dumpall', '18.6')
    await program('usr/lib/postgresql/17/bin/pg_dumpall', '17.1')
    await mkdir(join(root, 'usr/bin'), { recursive: true })
    await symlink('../share/postgresql-common/pg_wrapper', join(root, 'usr/bin/pg_dumpall'))
    const found = await findTool('pg_dumpall', { path: path('usr/bin') })
    expect(found).toEqual({
      path: join(root, 'usr/lib/postgresql/18/bin/pg_dumpall'),
      version: { major: 18, minor: 6 },
    })
  })

  it('finds nothing where nothing is', async () => {
    expect(await findTool('pg_dumpall', { path: join(root, 'empty') })).toBeUndefined()
  })
})
