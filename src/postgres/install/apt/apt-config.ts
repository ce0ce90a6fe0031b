import { runCommand } from '../../client-tools/run-command.ts'
import { toolEnvironment } from '../../client-tools/run-tool.ts'

/** Set by us and never taken from the machine: what decides whom apt believes, and what it downloads. */
const OWN_SETTINGS =
  /^Acquire::(IndexTargets|Languages|GzipIndexes|AllowInsecure|AllowWeak|AllowDowngrade|CompressionTypes)/

/** Proxies, as apt reads them; everything else comes from its own configuration. */
const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy'] as const

/** What apt and dpkg may see of the environment: no secrets, English messages, the proxies. */
export function aptEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const proxies: Record<string, string> = {}
  for (const name of PROXY_VARIABLES) {
    const value = inherited[name] ?? inherited[name.toUpperCase()]
    if (value !== undefined) proxies[name] = value
  }
  return toolEnvironment(inherited, { ...proxies, ...added })
}

/**
 * How this machine reaches its archives: proxies, certificates, timeouts, and whether its administrator
 * accepts an index past its Valid-Until (frozen mirrors). Lines for an apt.conf.
 */
export async function readMachineSettings(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { stdout } = await runCommand('apt-config', ['dump', 'Acquire'], { env })
  return stdout.split('\n').filter(line => line.startsWith('Acquire::') && !OWN_SETTINGS.test(line))
}

/**
 * The configuration of an apt that lives in `directory` alone: empty package state, one source file, no
 * hooks, no preferences. Signatures stay on, even if the machine's apt has them off. As root it stays root,
 * because apt's own user `_apt` could not enter a private directory; as an ordinary user it has no other to
 * become.
 */
export function renderAptConfig(directory: string, architecture: string, machine: readonly string[]): string {
  const settings: Readonly<Record<string, string>> = {
    'Dir::State': `${directory}/state`,
    'Dir::State::status': `${directory}/state/status`,
    'Dir::Cache': `${directory}/cache`,
    'Dir::Etc::main': '/dev/null',
    'Dir::Etc::parts': '/dev/null',
    'Dir::Etc::sourcelist': `${directory}/private.sources`,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Architecture': architecture,
    'APT::Sandbox::User': 'root',
    'APT::Install-Recommends': 'false',
    'APT::Get::AllowUnauthenticated': 'false',
    // Without it a failed download is a warning, and apt goes on with what it has.
    'APT::Update::Error-Mode': 'any',
    'Acquire::AllowInsecureRepositories': 'false',
    'Acquire::AllowWeakRepositories': 'false',
    'Acquire::AllowDowngradeToInsecureRepositories': 'false',
    'Acquire::Languages': 'none',
    'Debug::NoLocking': 'true',
  }
  const own = Object.entries(settings).map(([name, value]) => `${name} "${value}";`)
  return [...machine, ...own, `APT::Architectures { "${architecture}"; };`, ''].join('\n')
}
