import type { Client } from 'pg'
import { HOSTILE_MESSAGE, HOSTILE_TEXTS } from './texts.ts'

/**
 * Each hostile text is a table with a column, a sequence, a comment and a value of that name; building the
 * index of `shout` says all of them as a WARNING, also in a restore. Rows enough that losing some is noticed.
 */
export async function buildHostile(client: Client): Promise<void> {
  for (const text of HOSTILE_TEXTS) {
    // NAMEDATALEN would cut it, and a cut name is not the text any more.
    if (Buffer.byteLength(text) > 63) throw new Error(`${JSON.stringify(text)} has more than 63 bytes`)
    const name = client.escapeIdentifier(text)
    await client.query(`
      CREATE TABLE ${name} (id int, ${name} text, created_at timestamptz DEFAULT now());
      COMMENT ON TABLE ${name} IS ${client.escapeLiteral(text)};
      INSERT INTO ${name} SELECT i, ${client.escapeLiteral(text)} FROM generate_series(1, 20) AS i`)
  }
  await client.query(`
    CREATE TABLE texts (id int PRIMARY KEY, text text);
    ${HOSTILE_TEXTS.map((text, id) => `INSERT INTO texts VALUES (${id}, ${client.escapeLiteral(text)})`).join(';')};
    CREATE FUNCTION shout(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
      BEGIN RAISE WARNING '%', ${client.escapeLiteral(HOSTILE_MESSAGE)} USING DETAIL = ${client.escapeLiteral(HOSTILE_MESSAGE)}; RETURN id; END $$;
    CREATE INDEX ON texts (shout(id))`)
}

/**
 * Besides, an index that can be built here and nowhere else: there the server refuses it with all the hostile
 * texts.
 */
export async function buildUnrestorable(client: Client): Promise<void> {
  await buildHostile(client)
  await client.query(`
    CREATE FUNCTION refuse(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
      BEGIN
        IF current_database() <> '${(await client.query('SELECT current_database()')).rows[0].current_database}' THEN
          RAISE EXCEPTION '%', ${client.escapeLiteral(HOSTILE_MESSAGE)} USING HINT = ${client.escapeLiteral(HOSTILE_MESSAGE)};
        END IF;
        RETURN id;
      END $$;
    CREATE INDEX ON texts (refuse(id))`)
}
