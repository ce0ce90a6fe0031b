import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { aptFailure } from './apt-failure.ts'

/** For people, not for programs. */
const EXCLUDED = ['doc', 'man', 'locale', 'info', 'lintian'].map(name => `--exclude=./usr/share/${name}`)

/** Directories that Debian merged into /usr; older packages still name the old place. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64']

/**
 * Unpacks .deb files over each other into `root`, as many at once as there are processors. Nothing is run: no
 * maintainer scripts, no triggers. Files belong to the current user, nothing is set-uid, all users may read.
 */
export async function unpackDebs(
  root: string,
  files: readonly string[],
  env: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  await makeMergedRoot(root)
  const queue = files.values()
  const stop = new AbortController()
  const stopped = AbortSignal.any([stop.signal, ...(signal === undefined ? [] : [signal])])
  const work = async () => {
    for (const file of queue) await unpackDeb(root, file, env, stopped)
  }
  const workers = Array.from({ length: availableParallelism() }, () =>
    work().catch(error => stop.abort(error)),
  )
  // All workers end before the leftovers of a failure are removed.
  await Promise.all(workers)
  stopped.throwIfAborted()
}

async function makeMergedRoot(root: string): Promise<void> {
  for (const name of MERGED) {
    await mkdir(join(root, 'usr', name), { recursive: true })
    await symlink(`usr/${name}`, join(root, name)).catch(error => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** dpkg-deb | tar, not `dpkg-deb -x`: that would replace the links of a merged root by directories. */
async function unpackDeb(
  root: string,
  file: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const reader = spawn('dpkg-deb', ['--fsys-tarfile', file], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const args = ['-x', '-C', root, '--keep-directory-symlink', '--no-same-owner', '--no-same-permissions']
  const writer = spawn('tar', [...args, ...EXCLUDED], { env, stdio: [reader.stdout, 'ignore', 'pipe'] })
  // The pipe belongs to the children; an end kept open here would hide the death of tar from dpkg-deb.
  reader.stdout?.destroy()
  const stop = () => [reader, writer].forEach(child => void child.kill())
  signal.addEventListener('abort', stop, { once: true })
  try {
    const said = await Promise.all([ending(writer), ending(reader)])
    signal.throwIfAborted()
    const complaint = said.filter(Boolean).join('\n')
    if (complaint !== '') throw aptFailure(`unpacking ${file.split('/').at(-1)}`, complaint)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** What a child said if it failed, else the empty string. */
async function ending(child: ChildProcess): Promise<string> {
  const said = child.stderr === null ? '' : text(child.stderr)
  const [code, deadBy] = await once(child, 'close')
  return code === 0 ? '' : (await said) || `${child.spawnfile} ended with ${code ?? deadBy}`
}
