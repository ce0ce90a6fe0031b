/**
 * Settings that stay as a restore has them: they decide how its own statements are read, as whom they run
 * and how long they may take. REFRESH has a search_path of its own since PostgreSQL 17.
 */
const KEPT =
  /^(client_encoding|standard_conforming_strings|search_path|row_security|role|session_authorization|session_replication_role|(default_)?transaction_\w+|\w+_timeout)$/i

/**
 * The application's own, and the time zone: a CHECK may ask for them. The others could change how the text
 * of rows is read (array_nulls, xmloption).
 */
const FOR_ROWS = /\.|^timezone$/i

/** What a session sets to have a setting of the source's database, and what takes it back. */
export interface ViewSetting {
  readonly name: string
  readonly set: string
  readonly reset: string
}

/**
 * Settings of the database (`ALTER DATABASE app SET "app.tenant" TO '1'`) for the sessions that fill
 * materialised views: their queries may rest on them, and pg_restore gives them to a database that it makes
 * itself only. Those of single roles are left out.
 */
export function viewSettings(databaseSettings: readonly string[]): readonly ViewSetting[] {
  return databaseSettings.flatMap(statement => {
    const [, name, value] =
      /^ALTER DATABASE (?:"(?:[^"]|"")*"|[^\s"]+) SET ("(?:[^"]|"")*"|[^\s"]+) TO (.*)$/s.exec(statement) ??
      []
    if (name === undefined || KEPT.test(name.replaceAll('"', ''))) return []
    return [{ name: name.replaceAll('"', ''), set: `SET ${name} TO ${value}`, reset: `RESET ${name}` }]
  })
}

/** Those under which rows are loaded and indexes built, too. */
export function rowSettings(settings: readonly ViewSetting[]): readonly ViewSetting[] {
  return settings.filter(({ name }) => FOR_ROWS.test(name))
}
