import type { PostgresVersion, WantedVersion } from '../../core/pg/version.ts'

export const COMPONENTS = ['client', 'server'] as const
/** `server` always comes with the client. */
export type Component = (typeof COMPONENTS)[number]

/** PostgreSQL tools that were run and do what they should. */
export interface Installation {
  readonly version: PostgresVersion
  /** Absolute path of the directory with pg_dump and the other programs. */
  readonly binDir: string
  readonly source: 'system' | 'apt' | 'homebrew'
  /** Where exactly it comes from, for people. */
  readonly origin: string
  /** Taken from the tool cache. */
  readonly cacheHit: boolean
}

export type SecurityFloorPolicy = 'warn' | 'fail' | 'off'

export interface InstallRequest {
  readonly version: WantedVersion
  readonly components: readonly Component[]
  /** Names of packaged extensions, such as `pgvector`; sorted. */
  readonly extensions: readonly string[]
  readonly securityFloor: SecurityFloorPolicy
}
