import { describe, expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { readDefinitions } from '../../../src/postgres/catalog/definitions.ts'
import { pinOutputSettings } from '../../../src/postgres/catalog/fingerprint.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { stockDump, stockRestore } from '../../support/restore.ts'

/**
 * What PostgreSQL writes in other words once it has read what it wrote: casts of IN lists, parentheses; and
 * what restores rename or leave out.
 */
const IN_OTHER_WORDS = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE DOMAIN code AS varchar(20) CHECK (VALUE IN ('a', 'b'));
  CREATE TABLE t (
    id serial PRIMARY KEY, status varchar(255) DEFAULT 'new' CHECK (status IN ('new', 'done')),
    n int CHECK (n BETWEEN -1 AND 10 AND n NOT IN (3, -4)), m mood DEFAULT 'ok' CHECK (m IN ('sad', 'ok')),
    at timestamptz DEFAULT '2026-01-01 00:00+05', c code, j jsonb DEFAULT '{}', a varchar(10)[] DEFAULT '{}'::varchar[], b bit varying(5) DEFAULT B'101',
    x numeric(10, 2) DEFAULT -1.5, i interval DEFAULT '1 day', cc char(3) CHECK (cc IN ('abc', 'def')), r int DEFAULT - 5);
  CREATE INDEX ON t (lower(status)) WHERE status IN ('new', 'done') AND n > 0 OR (m = 'ok' AND (n = 1 OR n = 2));
  CREATE INDEX ON t ((j ->> 'a'), (n + 1 + 2), date(at AT TIME ZONE 'UTC'));
  CREATE VIEW v AS SELECT t.*, n + (1 + 2) - (3 - 4) AS sum, coalesce(status, 'y') || 'z' || status AS text, at > now() - '1 day'::interval AS young
    FROM t WHERE status IN ('new', 'done') AND n NOT BETWEEN 1 AND 2;
  CREATE VIEW w AS SELECT id, x.status, y.n FROM t x JOIN t y USING (id) LEFT JOIN LATERAL (SELECT 1 AS one) l ON true WHERE x.status IN ('a'::text, 'b')
    UNION ALL (SELECT id, status, n FROM t ORDER BY 1 LIMIT 3);
  ALTER TABLE t RENAME n TO renamed;
  ALTER TABLE t ADD g text GENERATED ALWAYS AS (status || '-' || coalesce(cc, 'x'::char(3))) STORED;
  CREATE FUNCTION f(a int DEFAULT -1, c varchar[] DEFAULT ARRAY['a', 'b']::varchar[]) RETURNS int LANGUAGE sql
    BEGIN ATOMIC SELECT count(*) FROM t WHERE status IN ('new', 'done') AND renamed = f.a; END;
  CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql SET search_path = "$user", public SET work_mem = '8MB' AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW WHEN (NEW.status IN ('new', 'done') AND OLD.renamed <> -1) EXECUTE FUNCTION g('a');
  CREATE POLICY p ON t USING (status IN ('new', 'done')) WITH CHECK (renamed > -5);
  CREATE RULE ru AS ON DELETE TO t WHERE OLD.status IN ('new', 'done') DO INSTEAD NOTHING;
  CREATE TABLE par (id bigint GENERATED ALWAYS AS IDENTITY, k int REFERENCES t, s varchar CHECK (s IN ('q', 'w')), PRIMARY KEY (id, k)) PARTITION BY LIST (k);
  CREATE TABLE par_1 PARTITION OF par FOR VALUES IN (1, 2) PARTITION BY RANGE (id);
  CREATE TABLE par_1_1 PARTITION OF par_1 FOR VALUES FROM (1) TO (9);
  CREATE INDEX ON par (k);
  CREATE TABLE ref (id bigint, k int, FOREIGN KEY (id, k) REFERENCES par);
  CREATE TABLE likes (LIKE t INCLUDING ALL);
  CREATE TABLE inh (extra int) INHERITS (t); ALTER TABLE inh ALTER status SET DEFAULT 'inh', ALTER renamed SET NOT NULL;
  ALTER TABLE t ADD late int NOT NULL DEFAULT 0;
  CREATE TABLE "T x" ("A b" varchar CHECK ("A b" IN ('::text', '(x)')))`

describe('definitions', () => {
  it('are the same after stock pg_dump and pg_restore, however PostgreSQL writes them', async () => {
    await using source = await createDatabase(theLab(), IN_OTHER_WORDS)
    await using target = await createDatabase(theLab())
    await stockRestore(theLab(), await stockDump(theLab(), source.url), target.url)

    const before = await definitions(source)

    expect(before?.length).toBeGreaterThan(60)
    expect(await definitions(target)).toEqual(before)
  })

  it('do not depend on settings of the database', async () => {
    await using database = await createDatabase(theLab(), IN_OTHER_WORDS)
    const before = await definitions(database)
    for (const setting of [
      "search_path = 'public'",
      "timezone = 'Asia/Kolkata'",
      "datestyle = 'SQL, DMY'",
      'quote_all_identifiers = on',
    ])
      await database.query(`ALTER DATABASE ${database.name} SET ${setting}`)
    expect(await definitions(database)).toEqual(before)
  })

  it('leave out what belongs to an extension', async () => {
    await using database = await createDatabase(
      theLab(),
      'CREATE EXTENSION citext; CREATE EXTENSION pg_stat_statements; CREATE TABLE t (a citext)',
    )
    const names = (await definitions(database))?.map(({ kind, name }) => `${kind} ${name}`)
    expect(names).toEqual(['columns public.t', 'table public.t'])
  })
})

async function definitions(database: TestDatabase) {
  await using session = await openSession(parseConnectionUrl(database.url))
  await pinOutputSettings(session)
  const { definitions: found } = await readDefinitions(session)
  return found === null ? null : [...found]
}
