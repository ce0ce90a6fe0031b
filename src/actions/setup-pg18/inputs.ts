import { parseWantedVersion, type WantedVersion } from '../../core/pg/version.ts'
import { parseAptSource } from '../../postgres/install/apt/apt-source.ts'
import { COMPONENTS, type Component, type SecurityFloorPolicy } from '../../postgres/install/installation.ts'
import type { Inputs } from '../../runner/inputs.ts'

const SOURCES = ['auto', 'system', 'apt', 'homebrew'] as const

export interface SetupInputs {
  readonly version: WantedVersion
  readonly components: readonly Component[]
  readonly source: (typeof SOURCES)[number]
  /** deb822 text. */
  readonly aptSource: string | undefined
  readonly cache: boolean
  readonly securityFloor: SecurityFloorPolicy
}

export function readInputs(inputs: Inputs): SetupInputs {
  const read = {
    version: inputs.parse('version', parseVersion18),
    components: inputs.parse('components', parseComponents),
    source: inputs.oneOf('source', SOURCES),
    aptSource: inputs.parseOptional('apt-source', parseAptSource),
    cache: inputs.flag('cache'),
    securityFloor: inputs.oneOf('security-floor', ['warn', 'fail', 'off'] as const),
  }
  if (read.aptSource !== undefined && (read.source === 'system' || read.source === 'homebrew')) {
    inputs.problem(
      'apt-source',
      `is of no use with source: ${read.source}; set source: apt, or leave one out`,
    )
  }
  return inputs.finish(read)
}

function parseVersion18(text: string): WantedVersion {
  const wanted = parseWantedVersion(text)
  if (wanted.major !== 18) throw new RangeError('expected 18, or one release of it such as 18.7')
  return wanted
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
