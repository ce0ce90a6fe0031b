import { OperatorError } from '../../../core/errors.ts'
import {
  type PostgresVersion,
  parseVersion,
  renderVersion,
  renderWanted,
  satisfies,
  type WantedVersion,
} from '../../../core/pg/version.ts'
import type { InstallRequest } from '../installation.ts'
import type { AptOrigin } from './apt-origin.ts'
import type { PrivateApt } from './private-apt.ts'

export interface Resolved {
  readonly version: PostgresVersion
  /** `name=version`, to be asked of apt. */
  readonly packages: readonly string[]
}

/**
 * Finds the newest release that was asked for among what the source carries. Server, client and libpq are
 * taken at the same release, and extensions that are packaged for the major. Throws INSTALL_NOT_FOUND,
 * naming what the source does carry.
 */
export async function resolvePackages(
  apt: PrivateApt,
  origin: AptOrigin,
  { version: wanted, components, extensions }: Omit<InstallRequest, 'securityFloor'>,
): Promise<Resolved> {
  const client = `postgresql-client-${wanted.major}`
  const server = `postgresql-${wanted.major}`
  const asked = components.includes('server') ? server : client
  const carried = (await apt.versions(asked)).filter(isRelease)
  const chosen = carried.find(version => satisfies(toRelease(version), wanted))
  if (chosen === undefined) throw await notFound(apt, origin, wanted, carried)
  const release = toRelease(chosen)
  const packages = components.includes('server') ? [`${server}=${chosen}`] : []
  packages.push(`${client}=${chosen}`)
  const libpq = (await apt.versions('libpq5')).find(version => satisfies(toRelease(version), release))
  if (libpq !== undefined) packages.push(`libpq5=${libpq}`)
  for (const extension of extensions) packages.push(await findExtension(apt, origin, wanted.major, extension))
  return { version: release, packages }
}

/** `pgvector` is postgresql-18-pgvector, `postgis` the newest postgresql-18-postgis-<n>, `pg_cron` -cron. */
async function findExtension(
  apt: PrivateApt,
  origin: AptOrigin,
  major: number,
  extension: string,
): Promise<string> {
  const name = extension.replaceAll('_', '-')
  const names = [name, name.replace(/^pg-/, ''), `pg${name}`].flatMap(each => [
    each,
    `${each}-4`,
    `${each}-3`,
  ])
  const candidates = [...new Set(names)].map(each => `postgresql-${major}-${each}`)
  for (const candidate of candidates) {
    const [newest] = await apt.versions(candidate)
    if (newest !== undefined) return `${candidate}=${newest}`
  }
  throw new OperatorError(
    'INSTALL_NOT_FOUND',
    `${origin.name} has no package of the extension ${extension} for PostgreSQL ${major} (${candidates[0]})`,
    { hint: 'Correct extensions, or name a source that has it in apt-source.' },
  )
}

/**
 * Which packages of the closure the tools need: PostgreSQL, its extensions and libraries. The rest are
 * shells, Perl, systemd and users for maintainer scripts, which are never run. A test lets the loader list
 * every library of every program.
 */
export function keepPostgres(name: string): boolean {
  if (name === 'zlib1g' || /^postgresql(-client)?-\d+(-[a-z0-9.+-]+)?$/.test(name)) return true
  return name.startsWith('lib') && !UNUSED_LIBRARIES.test(name)
}

const UNUSED_LIBRARIES =
  /perl|gconv|-bin$|-l10n$|-common$|debconf|semanage|sepol|pam-modules|gdbm|^libdb\d|systemd-shared|proc2|mount|blkid|sasl2-modules|ncurses/

/** Betas and release candidates (`18~beta1-1`) are never chosen. */
function isRelease(version: string): boolean {
  return /^(\d+:)?\d+\.\d+[-+.~]/.test(version)
}

/** `18.6-1.pgdg12+1` → 18.6 */
function toRelease(version: string): PostgresVersion {
  return parseVersion(/\d+\.\d+/.exec(version.replace(/^\d+:/, ''))?.[0] ?? '0')
}

async function notFound(
  apt: PrivateApt,
  origin: AptOrigin,
  wanted: WantedVersion,
  carried: readonly string[],
): Promise<OperatorError> {
  const releases = [...new Set(carried.map(version => renderVersion(toRelease(version))))]
  const carries = releases.length > 0 ? releases : await apt.majors()
  const list = carries.length > 0 ? `it carries ${carries.join(', ')}` : 'it carries no PostgreSQL at all'
  return new OperatorError(
    'INSTALL_NOT_FOUND',
    `PostgreSQL ${renderWanted(wanted)} was not found in ${origin.name}: ${list}`,
    { hint: 'Ask for a version that it carries, or give a source that carries this one in apt-source.' },
  )
}
