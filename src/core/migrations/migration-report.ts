/** Why: unknown is treated as pending by the gate. */
export type MigrationState = 'pending' | 'none' | 'unknown'

/** What a migration tool would do with this project and this database. */
export interface MigrationReport {
  /** `Rails`; `Knex and Prisma` where there are several; undefined where none was recognised. */
  readonly tool: string | undefined
  /** The folder and the table that were compared, for people. */
  readonly source: string
  /** What is not applied yet, in the order of the tool. With several tools each name begins with its tool. */
  readonly pending: readonly string[]
  /** The gate treats `unknown` as pending. */
  readonly state: MigrationState
  /** One or two sentences for people: what was counted, or why it is unknown and what to do. */
  readonly why: string
}

/** What was read of a project: the files at the places where migration tools keep theirs. */
export interface ProjectFiles {
  /** The folder that was looked through, for people. */
  readonly root: string
  /** The text of each file by its path below the root, with `/`; empty where only the name matters. */
  readonly files: ReadonlyMap<string, string>
  /** What could not be read whole, and why. Then nothing may be called complete. */
  readonly gaps: readonly string[]
}

/** A table in which a migration tool keeps what it has applied. */
export interface MigrationTable {
  readonly schema: string
  readonly name: string
  readonly columns: ReadonlyMap<string, string>
  /** Values as PostgreSQL prints them, of the columns that are compared. In no order. */
  readonly rows: readonly MigrationRow[]
}

export type MigrationRow = Readonly<Record<string, string | null>>

/** The migration tables of one database, those that exist. */
export interface MigrationTables {
  /** The database, for people: `logi on db.example:5432`. */
  readonly database: string
  readonly tables: readonly MigrationTable[]
  /** Tables that exist and could not be read whole, and why. Then nothing may be called complete. */
  readonly gaps: readonly string[]
}
