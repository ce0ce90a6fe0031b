import type { Keys } from './ceph.ts'

/** The services that tests, demo and benchmarks run against. Plain JSON. */
export interface Lab {
  readonly postgres: LabPostgres
  readonly s3: LabS3
}

export interface LabPostgres {
  /** `lab`: started here; `given`: taken from the environment. */
  readonly origin: 'lab' | 'given'
  readonly host: string
  readonly port: number
  /** A superuser. */
  readonly user: string
  readonly password: string
  /**
   * The authority behind the server's certificate, which is valid for localhost and 127.0.0.1. Empty: none
   * known.
   */
  readonly caFile: string
  /** PostgreSQL 18's programs, server included. */
  readonly binDir: string
}

export interface LabS3 extends Keys {
  readonly origin: 'lab' | 'given'
  readonly endpoint: string
  readonly region: string
  /** A user without any rights. */
  readonly stranger: Keys
}
