import type { PostgresVersion, WantedVersion } from '../../core/pg/version.ts'

export const COMPONENTS = ['client', 'server'] as const
/** `server` always comes with the client. */
export type Component = (typeof COMPONENTS)[number]

/** PostgreSQL tools that were run and do what they should. */
export interface Installation {
  readonly version: PostgresVersion
  /** Absolute path of the directory that holds pg_dump and its like. */
  readonly binDir: string
  readonly source: 'system' | 'apt' | 'homebrew'
  /** Where exactly it comes from, for people. */
  readonly origin: string
  /** Taken from the tool cache. */
  readonly cacheHit: boolean
}

export type SecurityFloorPolicy = 'warn' | 'fail' | 'off'

/** What was asked for. */
export interface Wish {
  readonly version: WantedVersion
  readonly components: readonly Component[]
  readonly securityFloor: SecurityFloorPolicy
}
