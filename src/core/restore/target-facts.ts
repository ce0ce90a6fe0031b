import type { QualifiedName } from '../pg/qualified-name.ts'
/** Another session in the database that is to be replaced. */
export interface TargetSession {
  readonly pid: string
  readonly user: string
  readonly application: string
  readonly client: string
  /** Our role may end it. */
  readonly mayTerminate: boolean
}

/** An extension as the target server offers it. */
export interface OfferedExtension {
  readonly name: string
  /** Any role that may create objects in the database may create it. */
  readonly isTrusted: boolean
  /** It is in the database that was asked for. */
  readonly isInstalled: boolean
}

/** The server and database that a backup is to be restored to, before anything was changed. */
export interface TargetFacts {
  readonly versionNumber: number
  readonly version: string
  readonly database: string
  /** The number that initdb gave the cluster; null where this role may not read it. */
  readonly systemIdentifier: string | null
  readonly user: string
  readonly isSuperuser: boolean
  readonly mayCreateDatabases: boolean
  readonly isStandby: boolean
  /** Who owns the database, and whether our role may act as that. */
  readonly owner: string
  readonly mayActAsOwner: boolean
  /** Roles with the right to connect to the database, the owner left out; PUBLIC is every role. */
  readonly connectors: readonly string[]
  /**
   * The role that is to own what is restored exists, and our role may become it and has its rights; null
   * where none was asked for.
   */
  readonly mayActAsRole: boolean | null
  /**
   * Statements that this role still needs to be able to create things in the database; empty where none was
   * asked for.
   */
  readonly roleNeeds: readonly string[]
  readonly databaseBytes: number
  /** All databases that this role may look at. */
  readonly serverBytes: number
  readonly extensions: readonly OfferedExtension[]
  /** Extensions in the database, or in every new one, that our role does not own and so cannot comment on. */
  readonly foreignExtensions: readonly string[]
  /** Schemas other than public that hold such extensions: an overwriting leaves them where they are. */
  readonly keptSchemas: readonly string[]
  /**
   * Tables of such extensions whose rows an archive holds, because users may change them: they stay as they
   * are.
   */
  readonly keptRows: readonly QualifiedName[]
  /** Publications that our role does not own: an overwriting leaves them where they are. */
  readonly foreignPublications: readonly string[]
  readonly roles: readonly string[]
  readonly sessions: readonly TargetSession[]
  /** Prepared transactions in the database: they keep it from being renamed, and hold locks. */
  readonly preparedTransactions: number
  /** `schema.name` of what an overwriting would have to drop and this role may not. */
  readonly objectsNotOwned: readonly string[]
  /** Tables that this role may drop, being the owner of their schema, but neither lock nor read. */
  readonly unlockableTables: readonly string[]
  /** Subscriptions of this database: they write to it, and keep following it after a rename. */
  readonly subscriptions: readonly string[]
  /** User mappings that an overwriting would drop and whose options this role may not read. */
  readonly hiddenUserMappings: ReadonlyArray<{ readonly user: string; readonly server: string }>
  /**
   * Logical replication slots of this database: who reads them gets what is done to it, and nothing of
   * another one.
   */
  readonly slots: readonly string[]
  /** Names that are taken. */
  readonly databases: readonly string[]
  /** What dropping everything locks: tables, indexes, types, constraints, defaults, functions and so on. */
  readonly droppedObjects: number
  /**
   * Locks that one transaction can count on: max_locks_per_transaction × (max_connections +
   * max_prepared_transactions).
   */
  readonly lockCapacity: number
  /** Databases that an earlier restore did not finish. */
  readonly leftovers: readonly string[]
}
