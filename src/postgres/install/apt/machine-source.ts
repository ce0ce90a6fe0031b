import { access, readFile } from 'node:fs/promises'
import { OperatorError } from '../../../core/errors.ts'
import { runCommand } from '../../client-tools/run-command.ts'
import { aptEnvironment } from './apt-config.ts'

/** Which distribution this machine runs, from its os-release. */
interface Distribution {
  /** `debian`, `ubuntu` */
  readonly id: string
  /** `bookworm`, `noble` */
  readonly codename: string
}

/**
 * Undefined where the machine is neither Debian nor Ubuntu, nor close enough to either to use their archives.
 */
export async function readDistribution(file = '/etc/os-release'): Promise<Distribution | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1]
  const id = field('ID')
  const codename = field('VERSION_CODENAME')
  if ((id !== 'debian' && id !== 'ubuntu') || !codename) return undefined
  return { id, codename }
}

/**
 * A deb822 source on the mirror that this machine's apt already uses: for `suite` of its distribution, or
 * without one for its own release with updates and security fixes. Throws UNSUPPORTED_PLATFORM where there is
 * no such mirror.
 */
export async function readMachineSource(
  suite: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const distribution = await readDistribution()
  if (distribution === undefined) throw noDistribution()
  const { id, codename } = distribution
  const targets = await readTargets(env)
  const mirror = findMirror(targets, codename)
  if (mirror === undefined) throw unsupported(`apt on this machine has no source for ${id} ${codename}`)
  const keyring = await findKeyring(id)
  if (suite !== undefined) return renderSource(mirror, suite, keyring)
  const fixes = targets.filter(({ release }) => FIXES.some(pocket => release === codename + pocket))
  const pockets = [{ uri: mirror, release: codename }, ...fixes]
  const stanzas = pockets.map(({ uri, release }) => renderSource(uri, release, keyring))
  return [...new Set(stanzas)].join('\n')
}

const FIXES = ['-updates', '-security'] as const

interface Target {
  readonly uri: string
  /** The suite as the machine's source names it. */
  readonly release: string
}

/** What the machine's apt would read, whether it has ever been updated or not. */
async function readTargets(env: Readonly<Record<string, string | undefined>>): Promise<readonly Target[]> {
  const filters = ['Created-By: Packages', 'Component: main']
  const args = ['indextargets', '--no-release-info', '--format', '$(REPO_URI) $(RELEASE)', ...filters]
  const { stdout } = await runCommand('apt-get', args, { env: aptEnvironment(env) })
  return stdout.split('\n').flatMap(line => {
    const [uri, release] = line.split(' ')
    return uri && release ? [{ uri, release }] : []
  })
}

/**
 * Vendors name their suites after the release too; only a distribution's mirror has -updates too.
 */
function findMirror(targets: readonly Target[], codename: string): string | undefined {
  const own = targets.filter(({ release }) => release === codename)
  const updated = new Set(targets.filter(({ release }) => release === `${codename}-updates`).map(t => t.uri))
  return (own.find(({ uri }) => updated.has(uri)) ?? own[0])?.uri
}

function renderSource(uri: string, suite: string, keyring: string): string {
  return `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: ${keyring}\n`
}

/** The keys that the distribution installed with itself. */
async function findKeyring(id: string): Promise<string> {
  for (const extension of ['gpg', 'pgp']) {
    const file = `/usr/share/keyrings/${id}-archive-keyring.${extension}`
    const found = await access(file).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  throw unsupported(`This machine has no /usr/share/keyrings/${id}-archive-keyring.gpg`)
}

export function noDistribution(): OperatorError {
  return unsupported('This machine runs neither Debian nor Ubuntu')
}

function unsupported(message: string): OperatorError {
  return new OperatorError('UNSUPPORTED_PLATFORM', message, {
    hint: 'Give a package source in apt-source, or put PostgreSQL 18 on the PATH and set source: system.',
  })
}
