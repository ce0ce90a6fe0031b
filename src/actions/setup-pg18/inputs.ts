import { parseWantedVersion, type WantedVersion } from '../../core/pg/version.ts'
import { parseAptSource } from '../../postgres/install/apt/apt-source.ts'
import { COMPONENTS, type Component, type SecurityFloorPolicy } from '../../postgres/install/installation.ts'
import type { Inputs } from '../../runner/inputs.ts'

const SOURCES = ['auto', 'system', 'apt', 'homebrew'] as const

export interface SetupInputs {
  readonly version: WantedVersion
  readonly components: readonly Component[]
  readonly extensions: readonly string[]
  readonly source: (typeof SOURCES)[number]
  /** deb822 text. */
  readonly aptSource: string | undefined
  readonly cache: boolean
  readonly securityFloor: SecurityFloorPolicy
}

export function readInputs(inputs: Inputs): SetupInputs {
  const given = {
    version: inputs.parse('version', parseVersion18),
    components: inputs.parse('components', parseComponents),
    extensions: inputs.parseOptional('extensions', parseExtensions) ?? [],
    source: inputs.oneOf('source', SOURCES),
    aptSource: inputs.parseOptional('apt-source', parseAptSource),
    cache: inputs.flag('cache'),
    securityFloor: inputs.oneOf('security-floor', ['warn', 'fail', 'off'] as const),
  }
  inputs.combine(given, read => refuseContradictions(inputs, read))
  return inputs.finish(given)
}

/** What each input allows alone, but not together. */
function refuseContradictions(inputs: Inputs, read: SetupInputs): void {
  const isElsewhere = read.source === 'system' || read.source === 'homebrew'
  if (read.extensions.length > 0 && isElsewhere)
    inputs.problem('extensions', `cannot be installed with source: ${read.source}. Set source: apt`)
  if (read.extensions.length > 0 && !read.components.includes('server'))
    inputs.problem('components', 'must include server, which extensions are for')
  if (read.aptSource !== undefined && isElsewhere)
    inputs.problem('apt-source', `has no effect with source: ${read.source}. Set source: apt, or remove one`)
}

function parseVersion18(text: string): WantedVersion {
  const wanted = parseWantedVersion(text)
  if (wanted.major !== 18) throw new RangeError('expected 18, or one release of it such as 18.7')
  return wanted
}

/** Names of PGDG's packages without `postgresql-18-`; sorted, each once. */
function parseExtensions(text: string): readonly string[] {
  const names = text.split(/[\s,]+/).filter(Boolean)
  const wrong = names.find(name => !/^[a-z0-9][a-z0-9_.+-]*$/.test(name))
  if (wrong !== undefined)
    throw new RangeError(`expected names of extensions such as pgvector or postgis, not "${wrong}"`)
  return [...new Set(names)].sort()
}

/** `client` is always part of it. */
function parseComponents(text: string): readonly Component[] {
  const names = text.split(/[\s,]+/).filter(Boolean)
  const wrong = names.filter(name => !COMPONENTS.some(component => component === name))
  if (names.length === 0 || wrong.length > 0) {
    throw new RangeError('expected client, server or both, separated by commas or one per line')
  }
  return names.includes('server') ? ['client', 'server'] : ['client']
}
