import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../../../core/errors.ts'
import { type CommandOutput, runCommand } from '../../client-tools/run-command.ts'
import { aptEnvironment, readMachineSettings, renderAptConfig } from './apt-config.ts'
import { aptFailure } from './apt-failure.ts'

/** One package of a closure, at the version that the source carries. */
export interface Package {
  readonly name: string
  /** As Debian writes it: `1:2.3-4`. */
  readonly version: string
  /** Size of the .deb file. */
  readonly bytes: number
}

interface PrivateAptOptions {
  /** Holds apt's whole state: about 250 MB while in use. Made here, removed on disposal. */
  readonly directory: string
  /** deb822 text: one or more stanzas. */
  readonly source: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Of Debian: `amd64`, `arm64`. */
  readonly architecture: string
  readonly signal?: AbortSignal | undefined
}

/**
 * An apt with a state of its own: it resolves against an empty system, verifies signatures and hashes,
 * downloads, and never touches the machine. Works as root and as an ordinary user. See
 * docs/adr/0005-private-apt-root.md.
 */
export class PrivateApt implements AsyncDisposable {
  readonly #directory: string
  readonly #env: Readonly<Record<string, string>>
  readonly #signal: AbortSignal | undefined

  private constructor(directory: string, env: Record<string, string>, signal: AbortSignal | undefined) {
    this.#directory = directory
    this.#env = env
    this.#signal = signal
  }

  static async create(options: PrivateAptOptions): Promise<PrivateApt> {
    const { directory, source, architecture, signal } = options
    await mkdir(join(directory, 'state/lists/partial'), { recursive: true, mode: 0o700 })
    await mkdir(join(directory, 'cache/archives/partial'), { recursive: true })
    await writeFile(join(directory, 'state/status'), '')
    await writeFile(join(directory, 'private.sources'), source)
    const machine = await readMachineSettings(aptEnvironment(options.env))
    const config = renderAptConfig(directory, architecture, machine)
    await writeFile(join(directory, 'apt.conf'), config)
    const env = aptEnvironment(options.env, { APT_CONFIG: join(directory, 'apt.conf') })
    return new PrivateApt(directory, env, signal)
  }

  /** Adds sources; they count from the next update on. */
  async addSource(source: string): Promise<void> {
    await appendFile(join(this.#directory, 'private.sources'), `\n${source}`)
  }

  /** Fetches the signed indexes. */
  async update(): Promise<void> {
    await this.#run('reading the package index', 'apt-get', ['-q', 'update'])
  }

  /** Every version of a package that the source carries, newest first; empty when it carries none. */
  async versions(name: string): Promise<readonly string[]> {
    const { stdout } = await this.#run(`looking up ${name}`, 'apt-cache', ['madison', name])
    const versions = stdout.split('\n').map(line => line.split('|')[1]?.trim() ?? '')
    return [...new Set(versions.filter(version => version !== ''))]
  }

  /** The majors of PostgreSQL that the source carries, newest first. */
  async majors(): Promise<readonly string[]> {
    const args = ['pkgnames', 'postgresql-client-']
    const { stdout } = await this.#run('listing PostgreSQL packages', 'apt-cache', args)
    const majors = [...stdout.matchAll(/^postgresql-client-(\d+)$/gm)].map(([, major]) => Number(major))
    return majors.sort((a, b) => b - a).map(String)
  }

  /** The packages (`name` or `name=version`) and everything they depend on, down to libc. */
  async closure(packages: readonly string[]): Promise<readonly Package[]> {
    const args = ['-qq', '-y', '--print-uris', 'install', ...packages]
    const { stdout } = await this.#run(`resolving ${packages.join(' ')}`, 'apt-get', args)
    return stdout.split('\n').flatMap(parsePrintedUri)
  }

  /** Space that the packages will take once unpacked, by their own account. */
  async installedBytes(packages: readonly Package[]): Promise<number> {
    const args = ['show', '--no-all-versions', ...packages.map(pin)]
    const { stdout } = await this.#run('reading package sizes', 'apt-cache', args)
    const sizes = [...stdout.matchAll(/^Installed-Size: (\d+)/gm)]
    return sizes.reduce((sum, [, kibibytes]) => sum + Number(kibibytes) * 1024, 0)
  }

  /** Downloads and verifies; returns the paths of the .deb files, which live as long as this apt. */
  async download(packages: readonly Package[]): Promise<readonly string[]> {
    const cwd = join(this.#directory, 'cache/archives')
    await this.#run('downloading packages', 'apt-get', ['-qq', 'download', ...packages.map(pin)], cwd)
    const files = (await readdir(cwd)).filter(file => file.endsWith('.deb'))
    if (files.length !== packages.length) {
      throw new OperatorError(
        'INSTALL_FAILED',
        `apt downloaded ${files.length} packages of ${packages.length}`,
      )
    }
    return files.map(file => join(cwd, file))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #run(doing: string, file: string, args: readonly string[], cwd?: string): Promise<CommandOutput> {
    const output = await runCommand(file, args, { env: this.#env, cwd, signal: this.#signal })
    if (output.exitCode !== 0) throw aptFailure(doing, output.stderr)
    return output
  }
}

/** `'http://…/x.deb' libaudit1_1%3a4.1.2-1_amd64.deb 58000 SHA256:…` */
function parsePrintedUri(line: string): Package[] {
  const match = /^'[^']*' ([^_ ]+)_([^_ ]+)_\S+ (\d+)/.exec(line)
  const [, name, version, bytes] = match ?? []
  if (name === undefined || version === undefined) return []
  return [{ name, version: decodeURIComponent(version), bytes: Number(bytes) }]
}

function pin(wanted: Package): string {
  return `${wanted.name}=${wanted.version}`
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/**
 * Debian's name for this machine's architecture. Throws UNSUPPORTED_PLATFORM where we cannot vouch for the
 * tools.
 */
export function debianArchitecture(arch: string): string {
  const architecture = ARCHITECTURES[arch]
  if (architecture !== undefined) return architecture
  throw new OperatorError('UNSUPPORTED_PLATFORM', `There are no packages for the architecture ${arch}`, {
    hint: 'Use a runner with x64 or arm64, or put PostgreSQL 18 on its PATH and set source: system.',
  })
}
