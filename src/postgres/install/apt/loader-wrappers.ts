import { chmod, mkdir, open, readdir, readlink, rename, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { OperatorError } from '../../../core/errors.ts'

/** Where Debian puts the programs of PostgreSQL 18, relative to the root of its packages. */
export const BIN_PATH = 'usr/lib/postgresql/18/bin'

/** The programs themselves; the files in bin are wrappers around them. */
const PROGRAMS_PATH = 'usr/lib/postgresql/18/programs'

/**
 * Makes the programs of an unpacked root run on any machine and from any place: each is moved aside, and a
 * shell script in its place starts it through the root's own dynamic loader, with the root's own libraries,
 * independent of the machine's libc. The script finds the root from its own path and passes that on as
 * argv[0], from which initdb, pg_ctl, pg_config and the server find their neighbours and shared files. So the
 * root may be moved as a whole. Children of the programs inherit nothing of this, as LD_LIBRARY_PATH would
 * have them do. Returns the bin directory.
 */
export async function wrapTools(root: string): Promise<string> {
  const bin = join(root, BIN_PATH)
  const programs = join(root, PROGRAMS_PATH)
  const loader = await findLoader(root)
  await mkdir(programs, { recursive: true })
  for (const name of await readdir(bin)) {
    if (!(await isElf(join(bin, name)))) continue
    await rename(join(bin, name), join(programs, name))
    await writeFile(join(bin, name), renderWrapper(name, relative(join(root, 'usr'), loader)))
    await chmod(join(bin, name), 0o755)
  }
  return bin
}

/** `<root>/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2` or its like on other architectures. */
async function findLoader(root: string): Promise<string> {
  const libraries = join(root, 'usr/lib')
  for (const triplet of await readdir(libraries)) {
    if (!triplet.endsWith('-linux-gnu')) continue
    const names = await readdir(join(libraries, triplet))
    const loader = names.find(name => /^ld-linux-.*\.so\.\d+$/.test(name))
    if (loader !== undefined) return join(libraries, triplet, loader)
  }
  throw new OperatorError('INSTALL_FAILED', `The packages unpacked into ${root} hold no dynamic loader`, {
    hint: 'The package source must carry libc6: add a source for the distribution to apt-source.',
  })
}

/** `loader` is relative to usr. Only the shell's own words: a fork would double the time to start. */
function renderWrapper(name: string, loader: string): string {
  const libraries = loader.slice(0, loader.lastIndexOf('/'))
  return `#!/bin/sh
# Made by pg-runbook: runs ${name} through the loader and libraries it was unpacked with.
self=$0
[ -L "$self" ] && self=$(readlink -f -- "$self")
bin=\${self%/*}
[ "$bin" = "$self" ] && bin=.
usr=$bin/${relative(BIN_PATH, 'usr')}
exec "$usr/${loader}" --argv0 "$self" --library-path "$usr/${libraries}" "$bin/../programs/${name}" "$@"
`
}

async function isElf(file: string): Promise<boolean> {
  if (await readlink(file).catch(() => undefined)) return false
  await using handle = await open(file)
  const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
  return buffer.equals(Buffer.from('\u007fELF', 'latin1'))
}
