/**
 * A PostgreSQL release, as `18.6` has it: the major decides what fits together, the minor what is fixed.
 * Before 10 a major had two numbers; such a release is kept as these two (`9.6`), without its minor: it is
 * only ever refused.
 */
export interface PostgresVersion {
  readonly major: number
  readonly minor: number
}

/**
 * The oldest minor of each major whose client tools are safe to point at an archive or server that others
 * else may have touched: the releases of 2026-11-12 fix CVE-2026-116314, code execution by pg_restore from a
 * crafted archive.
 */
const FLOORS: Readonly<Record<number, number>> = { 18: 7, 17: 12, 16: 16, 15: 20, 14: 25 }

export const SECURITY_FLOOR: PostgresVersion = { major: 18, minor: 7 }

/**
 * Finds the version in `pg_dump (PostgreSQL) 18.6 (Debian 18.6-3)`, `18.6`, `18beta1` (minor 0) or `18`
 * (minor 0). Throws a RangeError where there is none.
 */
export function parseVersion(text: string): PostgresVersion {
  const match = /(?:^|\s)(\d{1,3})(?:\.(\d{1,3}))?(?:\.\d{1,3}|beta\d+|rc\d+|devel)?(?=\s|$)/.exec(
    text.trim(),
  )
  if (match === null) throw new RangeError(`"${text.trim()}" does not name a PostgreSQL version such as 18.7`)
  return { major: Number(match[1]), minor: Number(match[2] ?? 0) }
}

/** The version of a server from its `server_version_num` (180006 → 18.6, 90624 → 9.6). */
export function fromVersionNumber(number: number): PostgresVersion {
  if (number < 100_000) return { major: Math.floor(number / 10_000), minor: Math.floor(number / 100) % 100 }
  return { major: Math.floor(number / 10_000), minor: number % 10_000 }
}

/** `18.6` */
export function renderVersion(version: PostgresVersion): string {
  return `${version.major}.${version.minor}`
}

/** Negative when a is older than b, 0 when equal. */
export function compareVersions(a: PostgresVersion, b: PostgresVersion): number {
  return a.major - b.major || a.minor - b.minor
}

/** pg_dump reads servers up to its own major, of any minor (pg_dump.c maxRemoteVersion). */
export function canDump(tool: PostgresVersion, server: PostgresVersion): boolean {
  return tool.major >= server.major
}

/** The release of the same major that has the fixes; that of 18 where the major gets none any more. */
export function securityFloor({ major }: PostgresVersion): PostgresVersion {
  const minor = FLOORS[major]
  return minor === undefined ? SECURITY_FLOOR : { major, minor }
}

/** Tools of a major newer than 18 are above the floor. */
export function isBelowSecurityFloor(tool: PostgresVersion): boolean {
  return compareVersions(tool, securityFloor(tool)) < 0
}

/** The warning about a program below the floor, the same in every action; undefined at or above it. */
export function describeBelowFloor(program: string, version: PostgresVersion): string | undefined {
  if (!isBelowSecurityFloor(version)) return undefined
  return `${program} ${renderVersion(version)} lacks security fixes of ${renderVersion(securityFloor(version))}. Run setup-pg18 before this step.`
}

/** What a user asks for: any minor of a major, or one release exactly. */
export interface WantedVersion {
  readonly major: number
  readonly minor?: number
}

/** Parses `18` or `18.6`. Throws a RangeError for anything else. */
export function parseWantedVersion(text: string): WantedVersion {
  const match = /^(\d{1,3})(?:\.(\d{1,3}))?$/.exec(text)
  if (match === null) throw new RangeError('expected a major such as 18, or one release such as 18.7')
  const major = Number(match[1])
  return match[2] === undefined ? { major } : { major, minor: Number(match[2]) }
}

/** Whether a release is what was asked for. */
export function satisfies(version: PostgresVersion, wanted: WantedVersion): boolean {
  return version.major === wanted.major && (wanted.minor === undefined || version.minor === wanted.minor)
}

/** `18` or `18.6` */
export function renderWanted(wanted: WantedVersion): string {
  return wanted.minor === undefined ? `${wanted.major}` : `${wanted.major}.${wanted.minor}`
}
