import { mkdir } from 'node:fs/promises'
import { arch } from 'node:os'
import type { Log } from '../src/core/log.ts'
import { aptEnvironment } from '../src/postgres/install/apt/apt-config.ts'
import { debianArchitecture, type Package, PrivateApt } from '../src/postgres/install/apt/private-apt.ts'
import { unpackDebs } from '../src/postgres/install/apt/unpack-deb.ts'

export interface UnpackRequest {
  /** Where to unpack; made if it does not exist. `<root>.apt` holds apt's state meanwhile. */
  readonly root: string
  /** deb822 text, see readMachineSource and parseAptSource. */
  readonly source: string
  readonly packages: readonly string[]
  /** Which packages of the closure to take; all, when left out. */
  readonly keep?: (name: string) => boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** As Node names it; this process's, when left out. */
  readonly arch?: string
  readonly log: Log
  readonly signal?: AbortSignal
}

/**
 * Resolves packages with everything they depend on, down to libc, and unpacks them into a private root
 * without touching the system and without running anything of theirs. Throws an OperatorError with an
 * INSTALL_* code.
 */
export async function unpackPackages(request: UnpackRequest): Promise<readonly Package[]> {
  const { root, source, packages, keep = () => true, env, log, signal } = request
  const architecture = debianArchitecture(request.arch ?? arch())
  await using apt = await PrivateApt.create({ directory: `${root}.apt`, source, env, architecture, signal })
  await apt.update()
  const closure = (await apt.closure(packages)).filter(({ name }) => keep(name))
  log.info(`Unpacking ${closure.length} packages for ${packages.join(', ')} into ${root}`)
  const files = await apt.download(closure)
  await mkdir(root, { recursive: true })
  await unpackDebs(root, files, aptEnvironment(env), signal)
  return closure
}
