import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OLD_CLIENT, unpacked } from './debian-packages.ts'
import { type LabOptions, open } from './lab.ts'
import { inRoot } from './loader.ts'

/** A directory with pg_dump, pg_restore and psql of a major that is older than the lab's server. */
export async function oldClientBinDir(options: LabOptions = {}): Promise<string> {
  const { packages, log } = await open(options)
  const root = await unpacked(packages, OLD_CLIENT, log)
  const [major = ''] = await readdir(join(root, 'usr/lib/postgresql'))
  const bin = join(root, 'old-client')
  await mkdir(bin, { recursive: true })
  for (const program of ['pg_dump', 'pg_restore', 'psql']) {
    const [loader = '', ...args] = inRoot(root, join('usr/lib/postgresql', major, 'bin', program), [])
    const line = [loader, ...args].map(word => `'${word}'`).join(' ')
    await writeFile(join(bin, program), `#!/bin/sh\nexec ${line} "$@"\n`)
    await chmod(join(bin, program), 0o755)
  }
  return bin
}
