/**
 * What a provider's superuser has put into a database before a team gets it, as the provider's documents and
 * the errors of its users show it. The superuser stands for `rdsadmin`, `supabase_admin` and their like.
 */
export interface Provider {
  readonly name: string
  /** The role that the page in docs/providers.md names, with its attributes. */
  readonly role: string
  readonly attributes: string
  /** Other roles of the server. */
  readonly roles: string
  /** Who owns the database; the role itself, if left out. */
  readonly owner?: string
  /** What the superuser has made in every database. */
  readonly own: string
  /** What the superuser adds to the target, so that the restore is refused; and the refusal. */
  readonly refused?: readonly [sql: string, refusal: string]
  /** What the team made, as the role. */
  readonly team: string
  readonly dump: Readonly<Record<string, string>>
  readonly mode: 'new-database' | 'overwrite'
  /** What the summary of the restore has to name; empty: everything came back. */
  readonly leftOut: readonly string[]
}

/** A team's tables: a type of an extension, a sequence, row security, default privileges, a publication. */
const TABLES = `
  CREATE TABLE public.users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email citext NOT NULL UNIQUE);
  INSERT INTO public.users (email) SELECT 'user' || i || '@example.com' FROM generate_series(1, 50) AS i;
  CREATE TABLE public.orders (id serial PRIMARY KEY, user_id bigint REFERENCES public.users, at timestamptz DEFAULT now());
  INSERT INTO public.orders (user_id) SELECT id FROM public.users;
  CREATE VIEW public.buyers AS SELECT DISTINCT user_id FROM public.orders;`

/** Watches DDL, as Supabase's and Heroku's do. */
const EVENT_TRIGGER = (schema: string) => `
  CREATE FUNCTION ${schema}.watch_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER ${schema}_watch ON ddl_command_end EXECUTE FUNCTION ${schema}.watch_ddl();`

export const PROVIDERS: readonly Provider[] = [
  {
    name: 'Supabase',
    role: 'supabase_postgres',
    attributes: 'CREATEDB CREATEROLE BYPASSRLS',
    roles: `
      CREATE ROLE anon NOLOGIN; CREATE ROLE authenticated NOLOGIN; CREATE ROLE service_role NOLOGIN BYPASSRLS;
      CREATE ROLE supabase_auth_admin NOLOGIN;
      GRANT anon, authenticated, service_role TO supabase_postgres;`,
    own: `
      CREATE SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO PUBLIC;
      CREATE EXTENSION citext SCHEMA extensions;
      CREATE SCHEMA auth AUTHORIZATION supabase_auth_admin;
      CREATE TABLE auth.secrets (id int PRIMARY KEY, token text);
      ALTER TABLE auth.secrets OWNER TO supabase_auth_admin;
      GRANT REFERENCES ON auth.secrets TO supabase_postgres;
      CREATE FUNCTION auth.uid() RETURNS bigint LANGUAGE sql STABLE RETURN 1;
      GRANT USAGE ON SCHEMA auth TO supabase_postgres, anon, authenticated;
      ALTER DEFAULT PRIVILEGES FOR ROLE supabase_postgres IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
      GRANT ALL ON SCHEMA public TO supabase_postgres, anon, authenticated, service_role;
      ${EVENT_TRIGGER('extensions')}`,
    team: `
      SET search_path = public, extensions;${TABLES}
      ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own_orders ON public.orders FOR SELECT TO authenticated USING (user_id > 0);
      CREATE TABLE public.profiles (id int PRIMARY KEY REFERENCES auth.secrets, name text);
      CREATE PUBLICATION supabase_realtime FOR TABLE public.orders;`,
    dump: { schemas: 'public' },
    mode: 'new-database',
    leftOut: ['FK CONSTRAINT public profiles profiles_id_fkey'],
  },
  {
    name: 'Neon',
    role: 'neondb_owner',
    attributes: 'CREATEDB CREATEROLE BYPASSRLS REPLICATION',
    roles: `
      CREATE ROLE neon_superuser NOLOGIN CREATEDB CREATEROLE BYPASSRLS REPLICATION;
      GRANT pg_read_all_data, pg_write_all_data TO neon_superuser; GRANT neon_superuser TO neondb_owner;`,
    own: `CREATE EXTENSION citext; ${EVENT_TRIGGER('public')}`,
    team: `${TABLES} CREATE PUBLICATION changes FOR TABLE public.orders;`,
    dump: {},
    mode: 'new-database',
    leftOut: ['EVENT TRIGGER - public_watch'],
  },
  {
    name: 'Amazon RDS',
    role: 'rds_master',
    attributes: 'CREATEDB CREATEROLE',
    roles: `
      CREATE ROLE rds_superuser NOLOGIN; CREATE ROLE rds_replication NOLOGIN;
      GRANT pg_monitor, pg_signal_backend, rds_replication TO rds_superuser; GRANT rds_superuser TO rds_master;`,
    own: `
      CREATE EXTENSION citext; COMMENT ON EXTENSION citext IS 'made by rdsadmin';
      CREATE EXTENSION pg_stat_statements;`,
    team: TABLES,
    dump: {},
    mode: 'new-database',
    leftOut: ['extension pg_stat_statements'],
  },
  {
    name: 'Heroku',
    role: 'u4dfixture',
    attributes: 'NOCREATEDB NOCREATEROLE',
    roles: '',
    own: `
      CREATE SCHEMA heroku_ext; GRANT USAGE, CREATE ON SCHEMA heroku_ext TO u4dfixture;
      CREATE EXTENSION citext SCHEMA heroku_ext;`,
    refused: [
      `CREATE SCHEMA _heroku; ${EVENT_TRIGGER('_heroku')}`,
      'may not drop what others own: function _heroku.watch_ddl(), schema _heroku',
    ],
    team: `SET search_path = public, heroku_ext;${TABLES}`,
    dump: {},
    mode: 'overwrite',
    leftOut: [],
  },
  {
    name: 'Cloud SQL',
    role: 'cloudsql_postgres',
    attributes: 'CREATEDB CREATEROLE',
    roles: `
      CREATE ROLE cloudsqlsuperuser NOLOGIN CREATEDB CREATEROLE; GRANT pg_monitor, pg_signal_backend TO cloudsqlsuperuser;
      GRANT cloudsqlsuperuser TO cloudsql_postgres; CREATE ROLE app_of_cloudsql NOLOGIN;
      GRANT pg_read_all_data TO cloudsql_postgres;`,
    owner: 'cloudsqlsuperuser',
    own: `
      CREATE EXTENSION citext; GRANT ALL ON SCHEMA public TO cloudsqlsuperuser, app_of_cloudsql;`,
    team: `${TABLES}`,
    dump: {},
    mode: 'new-database',
    leftOut: [],
  },
]
