/**
 * What keeps code of the database from running in a session that reads it (CVE-2018-1058, CVE-2024-7348).
 * Only names of pg_catalog are found without their schema; a policy is an error instead of a function call; a
 * table that became a view is refused; and nothing commits. pg_dump sets the same.
 * restrict_nonsystem_relation_kind is new in the minor releases of August 2024.
 */
export const READING_SETTINGS = {
  search_path: '',
  row_security: 'off',
  restrict_nonsystem_relation_kind: 'view, foreign-table',
  default_transaction_read_only: 'on',
} as const
