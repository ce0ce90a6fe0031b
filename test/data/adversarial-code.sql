-- Functions, views, triggers, rules, policies, publications. Everything here survives stock pg_dump | pg_restore.

-- Functions that read tables where an expression should not. They name their schema, and do not mind that a table may
-- still be empty while another one is loaded; without either, a restore stops.
CREATE TABLE app.allowed_status (status text PRIMARY KEY);
INSERT INTO app.allowed_status VALUES ('new'), ('done');
CREATE FUNCTION app.is_allowed(candidate text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN NOT EXISTS (SELECT FROM app.allowed_status) OR EXISTS (SELECT FROM app.allowed_status AS s WHERE s.status = candidate);
END
$$;
CREATE TABLE app.a_task (id integer PRIMARY KEY, status text CHECK (app.is_allowed(status)), weight integer);
INSERT INTO app.a_task SELECT i, (ARRAY['new', 'done'])[i % 2 + 1], i FROM generate_series(1, 40) AS i;
-- A lie: it is not immutable, but an index needs it to be.
CREATE FUNCTION app.rank_of(wanted text) RETURNS bigint LANGUAGE sql IMMUTABLE SET search_path = app, pg_temp AS
  'SELECT count(*) FROM allowed_status WHERE status <= wanted';
CREATE INDEX task_rank ON app.a_task (app.rank_of(status)) WHERE app.rank_of(status) > 0;
CREATE FUNCTION app.plain_letters(t text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN "extra ext".unaccent('"extra ext".unaccent'::regdictionary, t);
CREATE INDEX people_plain_name ON app.people (app.plain_letters(name::text COLLATE "C"));

CREATE FUNCTION app.with_defaults(a integer, b integer DEFAULT 1 + 1, VARIADIC rest text[] DEFAULT '{}', OUT total integer, OUT words text)
  LANGUAGE sql STABLE COST 7 BEGIN ATOMIC SELECT a + b + (SELECT count(*) FROM app.people)::integer, array_to_string(rest, ','); END;
CREATE FUNCTION app.with_defaults(a text) RETURNS SETOF app.people LANGUAGE sql ROWS 3 SECURITY DEFINER LEAKPROOF AS
  'SELECT * FROM app.people WHERE bio = a';
CREATE PROCEDURE app.do_nothing(INOUT x integer) LANGUAGE plpgsql AS $body$ BEGIN x := x; /* $$ 'quotes' \ */ END $body$;
CREATE FUNCTION app.later_error() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM * FROM there_is_no_such_table; END';

-- Views: one that needs a primary key, one in a circle with a function, check options, recursion.
CREATE VIEW app.people_grouped AS SELECT p.id, p.email, p.bio, count(d.id) AS documents FROM app.people AS p, app.documents AS d GROUP BY p.id;
CREATE VIEW app.circle AS SELECT 1 AS one;
CREATE FUNCTION app.from_circle(app.circle) RETURNS integer LANGUAGE sql RETURN ($1).one;
CREATE OR REPLACE VIEW app.circle AS SELECT 1 AS one, 2 AS two, app.from_circle(NULL::app.circle) AS three;
CREATE VIEW app.short_bio WITH (security_barrier, security_invoker) AS SELECT id, email, bio FROM app.people WHERE length(bio) < 10 WITH LOCAL CHECK OPTION;
CREATE VIEW app.shorter_bio AS SELECT * FROM app.short_bio WHERE length(bio) < 5 WITH CASCADED CHECK OPTION;
ALTER VIEW app.shorter_bio ALTER COLUMN bio SET DEFAULT 'x';
CREATE RECURSIVE VIEW app.countdown (n) AS VALUES (10) UNION ALL SELECT n - 1 FROM countdown WHERE n > 0;
CREATE VIEW app.search_people AS SELECT * FROM app.people WHERE email OPERATOR(ext.=) 'PERSON1@example.com'::ext.citext AND bio OPERATOR(ext.%) 'bio';

-- Materialised views: on each other, on the view that needs a key, empty, never populated.
CREATE MATERIALIZED VIEW app.daily AS SELECT date_trunc('hour', created_at, 'UTC') AS hour, count(*) AS people FROM app.people GROUP BY 1;
CREATE UNIQUE INDEX daily_hour ON app.daily (hour);
CREATE MATERIALIZED VIEW app.a_weekly AS SELECT max(hour) AS newest, sum(people) AS people FROM app.daily;
CREATE MATERIALIZED VIEW app.grouped AS SELECT id, documents FROM app.people_grouped;
CREATE MATERIALIZED VIEW app.unpopulated AS SELECT * FROM app.people WITH NO DATA;
CREATE MATERIALIZED VIEW app.on_unpopulated AS SELECT count(*) AS n FROM app.unpopulated WITH NO DATA;
COMMENT ON MATERIALIZED VIEW app.a_weekly IS 'Sorts before what it depends on';

-- Triggers: the guard of runbook §7, states, transition tables, a view's, a deferred one, one on partitions.
CREATE TABLE app.audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text, created_at timestamptz NOT NULL);
INSERT INTO app.audit (what, created_at) SELECT 'act ' || i, timestamptz '2026-02-01Z' + i * interval '1 s' FROM generate_series(1, 300) AS i;
CREATE FUNCTION app.is_worm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('logi.allow_audit_purge', true) = 'yes' THEN RETURN coalesce(NEW, OLD); END IF;
  RAISE EXCEPTION '% is write-once: % refused', TG_TABLE_NAME, TG_OP;
END
$$;
CREATE FUNCTION app.forbid() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''% fired'', TG_NAME; END';
CREATE FUNCTION app.ignore() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER worm_rows BEFORE UPDATE OR DELETE ON app.audit FOR EACH ROW EXECUTE FUNCTION app.is_worm();
CREATE TRIGGER worm_table BEFORE TRUNCATE ON app.audit FOR EACH STATEMENT EXECUTE FUNCTION app.is_worm();
CREATE TRIGGER no_insert BEFORE INSERT ON app.audit FOR EACH ROW EXECUTE FUNCTION app.forbid();
ALTER TABLE app.audit ENABLE ALWAYS TRIGGER worm_rows;
ALTER TABLE app.audit ENABLE ALWAYS TRIGGER worm_table;
CREATE TRIGGER "disabled one" BEFORE DELETE ON app.people FOR EACH STATEMENT EXECUTE FUNCTION app.forbid();
ALTER TABLE app.people DISABLE TRIGGER "disabled one";
CREATE TRIGGER on_replica AFTER UPDATE ON app.people REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION app.ignore('an "argument"', 'two');
ALTER TABLE app.people ENABLE REPLICA TRIGGER on_replica;
CREATE TRIGGER on_bio BEFORE UPDATE OF bio, name ON app.people FOR EACH ROW WHEN (OLD.bio IS DISTINCT FROM NEW.bio) EXECUTE FUNCTION app.forbid();
CREATE CONSTRAINT TRIGGER checked_late AFTER INSERT ON app.node FROM app.egg DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id > 5) EXECUTE FUNCTION app.ignore();
CREATE TRIGGER on_events AFTER INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.ignore();
ALTER TABLE app.events_null DISABLE TRIGGER on_events;
CREATE TRIGGER instead INSTEAD OF INSERT ON app.people_grouped FOR EACH ROW EXECUTE FUNCTION app.ignore();
COMMENT ON TRIGGER worm_rows ON app.audit IS '<script>alert(1)</script>';

-- Rules; the one on a_task would swallow every INSERT of a restore that used INSERT.
CREATE RULE swallow AS ON INSERT TO app.a_task DO INSTEAD NOTHING;
CREATE RULE also AS ON UPDATE TO app.countdown DO INSTEAD (UPDATE app.a_task SET weight = NEW.n WHERE id = OLD.n; NOTIFY countdown);
ALTER TABLE app.a_task DISABLE RULE swallow;

-- Row security: for roles that have to exist, forced also on the owner, reading another table.
ALTER TABLE app.people ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY readers ON app.people FOR SELECT TO adversarial_reader, "adversarial ""odd"" rôle" USING (EXISTS (SELECT FROM app.allowed_status));
CREATE POLICY "restrictive | one" ON app.people AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (bio <> '') WITH CHECK (app.shout(bio) <> '!');
ALTER TABLE app.audit ENABLE ROW LEVEL SECURITY;

GRANT SELECT (id, email), UPDATE (bio) ON app.people TO adversarial_reader WITH GRANT OPTION;
REVOKE ALL ON FUNCTION app.later_error() FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO "adversarial ""odd"" rôle";
ALTER DEFAULT PRIVILEGES FOR ROLE adversarial_reader REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER TABLE app.node OWNER TO adversarial_reader;

CREATE PUBLICATION "some | columns" FOR TABLE app.people (id, email) WHERE (length(bio) > 3), ONLY app.animal WITH (publish = 'insert');
CREATE PUBLICATION one_schema FOR TABLES IN SCHEMA app;
CREATE PUBLICATION everything FOR ALL TABLES WITH (publish_via_partition_root, publish_generated_columns = stored);

-- Event triggers. One that wrote a row for every command would write one at each REFRESH of a restore.
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not during a restore'; END $$;
CREATE FUNCTION app.on_login() RETURNS event_trigger LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN PERFORM count(*) FROM app.audit; END $$;
CREATE EVENT TRIGGER "no more domains" ON ddl_command_start WHEN TAG IN ('CREATE DOMAIN') EXECUTE FUNCTION app.on_ddl();
CREATE EVENT TRIGGER off ON sql_drop EXECUTE FUNCTION app.on_ddl();
ALTER EVENT TRIGGER off DISABLE;
CREATE EVENT TRIGGER at_login ON login EXECUTE FUNCTION app.on_login();
ALTER EVENT TRIGGER at_login ENABLE ALWAYS;
