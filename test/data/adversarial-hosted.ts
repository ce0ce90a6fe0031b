import type { Client } from 'pg'
import { quoteIdentifier } from '../../src/core/pg/quote.ts'
import { ADVERSARIAL_ROLES } from './adversarial-roles.ts'

/** What only a superuser may have, and what an owner has in its place. */
const SUPERUSER_ONLY: ReadonlyArray<readonly [superuser: RegExp, owner: string]> = [
  [/^DO \$\$\nDECLARE\n {2}name text;.*?^\$\$;\n/ms, ''],
  // The provider has made this schema, and put extensions of its own into it.
  [/^CREATE SCHEMA ext;\n/m, ''],
  [/^CREATE EXTENSION (citext|btree_gist|postgres_fdw) SCHEMA ext;\n/gm, ''],
  [/^COMMENT ON EXTENSION .*\n/gm, ''],
  // A base type, an operator class, an aggregate on internal states, an access method.
  [
    /^CREATE TYPE types\.word;\n.*?^CREATE CAST \(text AS types\.word\).*?\n/ms,
    'CREATE DOMAIN types.word AS text;\n',
  ],
  [/^CREATE OPERATOR FAMILY .*?^CREATE AGGREGATE types\.product/ms, 'CREATE AGGREGATE types.product'],
  [/ types\.last_digit DESC/, ' DESC'],
  [/^CREATE AGGREGATE types\.third_quarter.*?;\n/ms, ''],
  [/^CREATE ACCESS METHOD .*\n/m, ''],
  [/\) USING adversarial_heap WITH/, ') WITH'],
  [/ SECURITY DEFINER LEAKPROOF AS/, ' SECURITY DEFINER AS'],
  // A foreign server needs a right to its wrapper, which the provider may give.
  [/^CREATE SERVER .*?^CREATE FOREIGN TABLE .*?\n/ms, ''],
  // Large objects of others, and granted ones, are grouped by pg_dump as their owners and grants are.
  [/^(ALTER|GRANT SELECT ON) LARGE OBJECT .*\n/gm, ''],
  // Row security that binds the owner keeps the owner from dumping.
  [/ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY/, 'ENABLE ROW LEVEL SECURITY'],
  [/^(?=ALTER TABLE app\.node OWNER)/m, 'GRANT USAGE, CREATE ON SCHEMA app TO adversarial_reader;\n'],
  [/^CREATE PUBLICATION (one_schema|everything) .*\n/gm, ''],
  [/^CREATE EVENT TRIGGER .*\n/gm, ''],
  [/^ALTER EVENT TRIGGER .*\n/gm, ''],
  // Every role must be able to log in.
  [/^CREATE FUNCTION app\.on_login.*\n/m, ''],
]

/**
 * The SQL of all parts together without what takes a superuser. Throws where a pattern finds nothing any
 * more.
 */
export function withoutSuperuser(parts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const all = Object.values(parts).join('')
  for (const [pattern] of SUPERUSER_ONLY)
    if (all.search(pattern) < 0) throw new Error(`${pattern} finds nothing in the adversarial database`)
  return Object.fromEntries(
    Object.entries(parts).map(([name, sql]) => [
      name,
      SUPERUSER_ONLY.reduce((text, [pattern, owner]) => text.replace(pattern, owner), sql),
    ]),
  )
}

/**
 * What a provider has done to a database before its owner gets it: roles, a schema of extensions that belong
 * to the provider. For `buildAdversarial` with `asOwner`. Takes a connection of the superuser.
 */
export async function prepareAsProvider(client: Client, owner: string): Promise<void> {
  for (const role of ADVERSARIAL_ROLES)
    await client.query(`
      DO $$ BEGIN CREATE ROLE ${quoteIdentifier(role)} NOLOGIN;
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`)
  await client.query(`
    GRANT adversarial_reader TO ${quoteIdentifier(owner)};
    CREATE SCHEMA ext;
    GRANT USAGE, CREATE ON SCHEMA ext TO ${quoteIdentifier(owner)};
    CREATE EXTENSION citext SCHEMA ext;
    CREATE EXTENSION btree_gist SCHEMA ext;
    CREATE EXTENSION "uuid-ossp" SCHEMA ext;
    COMMENT ON SCHEMA ext IS 'Extensions of the provider';
    COMMENT ON EXTENSION citext IS 'Installed by the provider'`)
}

/**
 * SQL for what a provider's superuser has besides in a database, and no owner could make again: for a restore
 * that stays in it.
 */
export function providersOwn(owner: string): string {
  return `
    CREATE EXTENSION pg_stat_statements SCHEMA ext;
    CREATE EXTENSION postgres_fdw SCHEMA ext;
    GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO ${quoteIdentifier(owner)};
    CREATE PUBLICATION "provider's FOR ALL" FOR ALL TABLES;
    COMMENT ON PUBLICATION "provider's FOR ALL" IS 'Change data capture';
    CREATE PUBLICATION one_schema FOR TABLES IN SCHEMA app;
    CREATE PUBLICATION one_table FOR TABLE app.people, app.values;
    CREATE FUNCTION information_schema.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER providers ON ddl_command_end EXECUTE FUNCTION information_schema.watch();
    COMMENT ON EVENT TRIGGER providers IS 'Watches'`
}

/**
 * A server with a mapping and a foreign table: what an owner can have once the provider lets it use the
 * wrapper.
 */
export const FOREIGN_SERVER = `
  CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '192.0.2.1', dbname 'far "away"');
  CREATE USER MAPPING FOR adversarial_mapped SERVER elsewhere;
  CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (user 'far', password 'adversarial-fdw-password');
  CREATE FOREIGN TABLE app.far_away (id bigint, body text) SERVER elsewhere OPTIONS (schema_name 'x', table_name 'y')`
