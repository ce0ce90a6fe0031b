import type { Condition } from './condition.ts'

/** One expectation of the criteria file. Names are unique within a file. */
export type Criterion = TableCriterion | NewestCriterion | QueryCriterion | ExtensionCriterion

/**
 * The rows of a table lie within a tolerance of what they were at the snapshot, or are in a live database.
 */
export interface TableCriterion {
  readonly kind: 'table'
  readonly name: string
  readonly table: TableName
  /** In millionths of the expected rows, so that the comparison is exact: 5 % is 50,000. */
  readonly tolerancePpm: number
}

/** The newest value of a column lies within a time of the snapshot, before or after. */
export interface NewestCriterion {
  readonly kind: 'newest'
  readonly name: string
  readonly table: TableName
  readonly column: string
  readonly withinMs: number
}

/** A query of the user's own answers as expected. */
export interface QueryCriterion {
  readonly kind: 'query'
  readonly name: string
  readonly sql: string
  readonly condition: Condition
}

/** An extension is installed. */
export interface ExtensionCriterion {
  readonly kind: 'extension'
  readonly name: string
  readonly extension: string
}

/** A table as the file names it; without a schema it is looked up on the search path, like psql does. */
export interface TableName {
  readonly schema: string | undefined
  readonly name: string
}

/** What was found in a database for one criterion. */
export type Measurement =
  | { readonly kind: 'table'; readonly rows: number; readonly members: readonly TableMember[] }
  | { readonly kind: 'newest'; readonly at: Date | null; readonly hasTimeZone: boolean }
  /** `rows` counts up to what mattered: two for a value, all for `empty`. */
  | { readonly kind: 'query'; readonly rows: number; readonly value: string | null }
  | { readonly kind: 'extension'; readonly version: string | null }
  /** `isOfServer`: this server or role could not answer, so nothing is known of its contents. */
  | { readonly kind: 'error'; readonly message: string; readonly isOfServer?: boolean }

/** A table that holds rows of the one that was asked for: itself, or its partitions and children. */
export interface TableMember {
  readonly schema: string
  readonly name: string
}

/** What the measurements are held against. */
export interface Reference {
  readonly snapshotAt: Date
  /** From the manifest; undefined when it counted no rows. */
  readonly backupRows: readonly (TableMember & { readonly rows: number })[] | undefined
  /** What `measure` found in the live database, by the criterion's name; undefined without live-url. */
  readonly live: ReadonlyMap<string, Measurement> | undefined
}
