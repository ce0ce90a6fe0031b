import { createHash } from 'node:crypto'
import { inlineKey } from './apt-source.ts'
import { noDistribution, readDistribution, readMachineSource } from './machine-source.ts'
import { PGDG_KEY } from './pgdg-key.ts'

/**
 * A place that may carry PostgreSQL 18. Nothing is asked of apt before it is needed: half a second is saved.
 */
export interface AptOrigin {
  /** Names entries of the tool cache. */
  readonly id: string
  /** For people. */
  readonly name: string
  /** deb822 text. */
  readonly readSource: () => Promise<string>
  /**
   * What the origin leaves to the distribution, libc for one: added when the origin does not carry it itself.
   */
  readonly readBase: () => Promise<string>
}

type Variables = Readonly<Record<string, string | undefined>>

/** Current releases: only the newest version of each package. */
const PGDG = 'https://apt.postgresql.org/pub/repos/apt'
/** Every version ever released, and releases of Debian and Ubuntu that PGDG no longer builds for. */
const PGDG_ARCHIVE = 'https://apt-archive.postgresql.org/pub/repos/apt'

/**
 * Where to look for PostgreSQL on this machine, best first: the PostgreSQL project's archive for this
 * release, the project's archive of old versions, then the distribution's own. Throws UNSUPPORTED_PLATFORM
 * where the machine runs neither Debian nor Ubuntu.
 */
export async function listOrigins(variables: Variables): Promise<readonly AptOrigin[]> {
  const distribution = await readDistribution()
  if (distribution === undefined) throw noDistribution()
  const { id, codename } = distribution
  const readOwn = () => readMachineSource(undefined, variables)
  return [
    {
      id: `pgdg-${codename}`,
      name: `the PostgreSQL project's archive for ${codename}`,
      readSource: async () => renderPgdgSource(PGDG, `${codename}-pgdg`),
      readBase: readOwn,
    },
    {
      id: `pgdg-archive-${codename}`,
      name: `the PostgreSQL project's archive of old versions for ${codename}`,
      readSource: async () => renderPgdgSource(PGDG_ARCHIVE, `${codename}-pgdg-archive`),
      readBase: readOwn,
    },
    {
      id: `${id}-${codename}`,
      name: `${capitalise(id)} ${codename}`,
      readSource: readOwn,
      readBase: readOwn,
    },
  ]
}

/** An origin given by the user, as deb822 text. */
export function givenOrigin(source: string, variables: Variables): AptOrigin {
  const id = createHash('sha256').update(source).digest('hex').slice(0, 8)
  return {
    id: `apt-${id}`,
    name: 'the package source in apt-source',
    readSource: async () => source,
    readBase: () => readMachineSource(undefined, variables),
  }
}

function renderPgdgSource(uri: string, suite: string): string {
  return `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: ${inlineKey(PGDG_KEY)}\n`
}

function capitalise(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}
