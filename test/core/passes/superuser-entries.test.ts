import { describe, expect, it, test } from 'vitest'
import { needsSuperuser } from '../../../src/core/passes/superuser-entries.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'

const needs = (kind: string, definition: string) => needsSuperuser(archiveEntry(1, kind, 'x', { definition }))

describe('the closed list of the superuser', () => {
  test.each([
    ['SHELL TYPE', 'CREATE TYPE types.word;'],
    ['TYPE', 'CREATE TYPE types.word (\n    INTERNALLENGTH = variable,\n    INPUT = types.word_in\n);'],
    ['TYPE', 'CREATE TYPE types.never_filled;'],
    ['FUNCTION', 'CREATE FUNCTION f(cstring) RETURNS t\n    LANGUAGE internal\n    AS $$textin$$;'],
    ['FUNCTION', "CREATE FUNCTION f() RETURNS int\n    LANGUAGE c\n    AS '$libdir/x', 'f';"],
    ['FUNCTION', 'CREATE FUNCTION f(text) RETURNS text\n    LANGUAGE sql LEAKPROOF\n    AS $$SELECT 1$$;'],
    ['AGGREGATE', 'CREATE AGGREGATE a(int) (\n    SFUNC = f,\n    STYPE = internal\n);'],
    ['CAST', 'CREATE CAST (app.c AS integer) WITHOUT FUNCTION;'],
    ['CAST', 'CREATE CAST (text AS timestamp without time zone) WITH INOUT AS IMPLICIT;'],
    ['PUBLICATION', "CREATE PUBLICATION p FOR ALL TABLES WITH (publish = 'insert');"],
    ['PUBLICATION TABLES IN SCHEMA', 'ALTER PUBLICATION p ADD TABLES IN SCHEMA app;'],
    [
      'TRANSFORM',
      'CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION pg_catalog.f(internal));',
    ],
    ['EVENT TRIGGER', 'CREATE EVENT TRIGGER e ON ddl_command_end\n   EXECUTE FUNCTION f();'],
  ])('holds %s: %s', (kind, definition) => {
    expect(needs(kind, definition)).toBe(true)
  })

  test.each([
    ['TABLE', 'CREATE TABLE t (i integer, j integer GENERATED ALWAYS AS (app.f(1)) STORED);'],
    ['INDEX', 'CREATE INDEX i ON t USING btree (a) WHERE (app.f(1) = 1);'],
    ['TYPE', 'CREATE TYPE app.pair AS (\n\ta integer\n);'],
    ['TYPE', "CREATE TYPE app.mood AS ENUM (\n    'INTERNALLENGTH'\n);"],
    [
      'FUNCTION',
      'CREATE FUNCTION f() RETURNS int\n    LANGUAGE plpgsql\n    AS $_$ BEGIN -- LANGUAGE c LEAKPROOF\n$_$;',
    ],
    [
      'FUNCTION',
      "CREATE FUNCTION f(a text DEFAULT ' LANGUAGE c LEAKPROOF ') RETURNS int\n    LANGUAGE sql\n    AS $$SELECT 1$$;",
    ],
    [
      'FUNCTION',
      "CREATE FUNCTION f(a text DEFAULT E'\\\\'' LANGUAGE c ') RETURNS int\n    LANGUAGE sql\n    AS $$SELECT 1$$;",
    ],
    [
      'FUNCTION',
      'CREATE FUNCTION f() RETURNS int\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT t.leakproof AS "LEAKPROOF" FROM t;\nEND;',
    ],
    ['AGGREGATE', "CREATE AGGREGATE a(int) (\n    SFUNC = f,\n    STYPE = app.d,\n    INITCOND = '1'\n);"],
    [
      'AGGREGATE',
      "CREATE AGGREGATE a(int) (\n    SFUNC = f,\n    STYPE = internal,\n    MSTYPE = app.d,\n    MINITCOND = '1'\n);",
    ],
    ['CAST', 'CREATE CAST (app.c AS integer) WITH FUNCTION app.c2i(app.c);'],
    ['CAST', 'CREATE CAST (text AS app.d) WITH INOUT AS IMPLICIT;'],
    ['CAST', 'CREATE CAST (text AS "d") WITH INOUT AS IMPLICIT;'],
    ['CAST', 'CREATE CAST (text AS integer) WITH FUNCTION app.t2i(text) AS IMPLICIT;'],
    ['PUBLICATION', "CREATE PUBLICATION p WITH (publish = 'insert');"],
    ['VIEW', 'CREATE VIEW v AS SELECT app.f(1);'],
  ])('does not hold %s, whatever it says: %s', (kind, definition) => {
    expect(needs(kind, definition)).toBe(false)
  })

  it('holds nothing of a kind that it does not know', () => {
    expect(needs('SOMETHING NEW', 'CREATE SOMETHING NEW LEAKPROOF LANGUAGE c')).toBe(false)
  })
})
