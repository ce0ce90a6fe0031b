-- Roles, schemas, extensions and types. Roles belong to the server: they are made where they are missing, and stay.

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['adversarial_reader', 'adversarial "odd" rôle', 'adversarial_mapped'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END
$$;

CREATE SCHEMA app;
CREATE SCHEMA types AUTHORIZATION adversarial_reader;
CREATE SCHEMA ext;
CREATE SCHEMA "extra ext";
COMMENT ON SCHEMA app IS 'Line one
\connect postgres
::error::not an error';

CREATE EXTENSION citext SCHEMA ext;
CREATE EXTENSION hstore SCHEMA "extra ext";
CREATE EXTENSION pg_trgm SCHEMA ext;
CREATE EXTENSION btree_gist SCHEMA ext;
CREATE EXTENSION unaccent SCHEMA "extra ext";
CREATE EXTENSION pgcrypto SCHEMA public;
CREATE EXTENSION postgres_fdw SCHEMA ext;
COMMENT ON EXTENSION citext IS 'A comment of our own; a restore by another owner would refuse it';
COMMENT ON EXTENSION plpgsql IS 'Changed: pg_dump writes comments on extensions as they are';

-- Collations: nondeterministic, with rules of their own, and a copy.
CREATE COLLATION types.ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION types."Ünïcode & rules" (provider = icu, locale = 'de', rules = '& V << w <<< W');
CREATE COLLATION types.copied FROM "C";

CREATE TYPE types.mood AS ENUM ('fine', 'it''s "bad"', '::warning::', 'très bien', '');
ALTER TYPE types.mood ADD VALUE 'between' BEFORE 'très bien';
CREATE TYPE types.pair AS (left_side text COLLATE types.ignore_case, "right side" numeric(10, 3));
CREATE TYPE types.nested AS (pairs types.pair[], at timestamptz);
CREATE FUNCTION types.price_gap(a numeric, b numeric) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT RETURN a - b;
CREATE TYPE types.prices AS RANGE (subtype = numeric, subtype_diff = types.price_gap, multirange_type_name = types.many_prices);

CREATE FUNCTION types.is_even(n integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN n % 2 = 0;
CREATE DOMAIN types.even AS integer DEFAULT 2 CONSTRAINT is_even CHECK (types.is_even(VALUE));
CREATE DOMAIN types.evens AS types.even[] CHECK (cardinality(VALUE) < 5);
CREATE DOMAIN types.good_pair AS types.pair CHECK (VALUE IS NULL OR (VALUE).left_side IS NOT NULL);
CREATE DOMAIN types.email AS ext.citext NOT NULL CHECK (VALUE ~ '^[^@]+@[^@]+$'::ext.citext);
CREATE DOMAIN types.late_rule AS text;
COMMENT ON DOMAIN types.even IS 'a | b <b>c</b> `d`';

-- A base type, by way of a shell, that borrows its functions from text.
CREATE TYPE types.word;
CREATE FUNCTION types.word_in(cstring) RETURNS types.word LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION types.word_out(types.word) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE types.word (INPUT = types.word_in, OUTPUT = types.word_out, LIKE = text);
CREATE CAST (types.word AS text) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (text AS types.word) WITHOUT FUNCTION;

-- Operators, an operator class on them, aggregates of three kinds.
CREATE FUNCTION types.near(a integer, b integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN abs(a - b) <= 1;
CREATE OPERATOR types.=~= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = types.near, COMMUTATOR = OPERATOR(types.=~=));
CREATE FUNCTION types.compare_last_digit(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE
  RETURN sign(a % 10 - b % 10)::integer;
CREATE FUNCTION types.before(a integer, b integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN types.compare_last_digit(a, b) < 0;
CREATE FUNCTION types.before_or_same(a integer, b integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN types.compare_last_digit(a, b) <= 0;
CREATE FUNCTION types.same(a integer, b integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN types.compare_last_digit(a, b) = 0;
CREATE FUNCTION types.after_or_same(a integer, b integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN types.compare_last_digit(a, b) >= 0;
CREATE FUNCTION types.after(a integer, b integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN types.compare_last_digit(a, b) > 0;
CREATE OPERATOR types.<~ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = types.before);
CREATE OPERATOR types.<=~ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = types.before_or_same);
CREATE OPERATOR types.==~ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = types.same);
CREATE OPERATOR types.>=~ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = types.after_or_same);
CREATE OPERATOR types.>~ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = types.after);
CREATE OPERATOR FAMILY types.by_last_digit USING btree;
CREATE OPERATOR CLASS types.last_digit FOR TYPE integer USING btree FAMILY types.by_last_digit AS
  OPERATOR 1 types.<~, OPERATOR 2 types.<=~, OPERATOR 3 types.==~, OPERATOR 4 types.>=~, OPERATOR 5 types.>~,
  FUNCTION 1 types.compare_last_digit (integer, integer);
CREATE AGGREGATE types.product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1', PARALLEL = safe);
CREATE AGGREGATE types.third_quarter(float8 ORDER BY float8) (
  SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE types.moving(integer) (
  SFUNC = int4pl, STYPE = integer, INITCOND = '0', MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer, MINITCOND = '0');

CREATE TEXT SEARCH DICTIONARY types.plain (TEMPLATE = pg_catalog.simple, stopwords = 'english');
CREATE TEXT SEARCH CONFIGURATION types."search it" (COPY = pg_catalog.german);
ALTER TEXT SEARCH CONFIGURATION types."search it" ALTER MAPPING FOR asciiword WITH "extra ext".unaccent, types.plain;
CREATE CONVERSION types.odd_conversion FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE ACCESS METHOD adversarial_heap TYPE TABLE HANDLER heap_tableam_handler;

-- A server that nobody ever asks. A mapping needs its role, also where owners and grants are left out.
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '192.0.2.1', dbname 'far "away"');
CREATE USER MAPPING FOR adversarial_mapped SERVER elsewhere OPTIONS (user 'far', password 'adversarial-fdw-password');
CREATE USER MAPPING FOR PUBLIC SERVER elsewhere;
CREATE FOREIGN TABLE app.far_away (id bigint, body text) SERVER elsewhere OPTIONS (schema_name 'x', table_name 'y');
