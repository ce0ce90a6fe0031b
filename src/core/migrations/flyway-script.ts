import type { ProjectFile } from './project-file.ts'

export interface Script {
  /** V versioned, R repeatable, B baseline; undo scripts (U) never run by themselves. */
  readonly prefix: 'V' | 'R' | 'B'
  readonly name: string
  /** As the history names it: of code the class. */
  readonly key: string
  /** Empty in a repeatable one. */
  readonly version: Version
  readonly description: string
  readonly text: string
}

export type Version = readonly bigint[]

/** SQL, code, and the scripts that Flyway runs by a shell or Python. */
export const ENDING = String.raw`\.(?:sql|java|kt|ps1|bat|cmd|sh|bash|py)$`
/** Separator and description may be left out: `V2.sql`, `V2__.sql` (ResourceNameParser in flyway-core). */
const SCRIPT = new RegExp(`^([VRB])([\\d._]*?)(?:__(.*))?${ENDING}`)
/** A versioned script with a configured prefix. U is undo, which never runs by itself. */
export const OWN_PREFIX = new RegExp(`^(?![VBU]\\d)[A-Za-z]+\\d[\\d._]*__.*${ENDING}`)

export function parseScripts(files: readonly ProjectFile[]): readonly Script[] {
  return files.flatMap(({ name, text }) => {
    const [, prefix, version = '', description = ''] = SCRIPT.exec(name) ?? []
    if (prefix !== 'V' && prefix !== 'R' && prefix !== 'B') return []
    if ((prefix === 'R') !== (version === '')) return []
    return [
      {
        prefix,
        name,
        key: name.replace(/\.(?:java|kt)$/, ''),
        version: parseVersion(version),
        description,
        text,
      },
    ]
  })
}

/** Repeatable ones last, by description. */
export function byVersion(a: Script, b: Script): number {
  if ((a.prefix === 'R') !== (b.prefix === 'R')) return a.prefix === 'R' ? 1 : -1
  return compareVersions(a.version, b.version) || (a.description < b.description ? -1 : 1)
}

/** `2.1`, `2_1` and `002.1.0` are the same. */
export function parseVersion(text: string): Version {
  const parts = text.split(/[._]/).map(part => (/^\d+$/.test(part) ? BigInt(part) : 0n))
  return parts.slice(0, parts.findLastIndex(part => part !== 0n) + 1)
}

export function renderVersion(version: Version): string {
  return version.join('.')
}

export function compareVersions(a: Version, b: Version): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const [left, right] = [a[i] ?? 0n, b[i] ?? 0n]
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/**
 * The checksum that Flyway keeps of a script: CRC-32 over its lines without line ends or byte order mark, as
 * a signed number. Source: ChecksumCalculator in flyway-core.
 */
export function flywayChecksum(text: string): number {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)
  let crc = 0xffffffff
  for (const byte of new TextEncoder().encode(lines.join('')))
    crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0)
  return ~crc | 0
}
