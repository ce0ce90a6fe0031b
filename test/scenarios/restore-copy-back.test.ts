import { describe, expect, it } from 'vitest'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { runInShell, shellBlockOf } from '../support/printed-commands.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const SCHEMA = `
  CREATE TYPE mood AS ENUM ('glad', 'sad');
  CREATE TABLE users (id serial PRIMARY KEY, mood mood, created_at timestamptz NOT NULL DEFAULT '2026-01-01');
  INSERT INTO users (mood) SELECT 'glad' FROM generate_series(1, 100);
  CREATE TABLE "odd name.with dot" (id int PRIMARY KEY, user_id int REFERENCES users);
  INSERT INTO "odd name.with dot" SELECT i, i FROM generate_series(1, 20) AS i;`

/** Names that would run something if a shell or psql took them for more than names. */
const HOSTILE = [
  'a\nSQL\ntouch pwned\n#',
  "it's $(touch pwned) `touch pwned`",
  'back\\slash "quoted"',
  '--leading dashes',
  '\\! touch pwned',
  ':variable :{?x} %name',
  'end\u2028of line',
]

describe('the commands that copy rows back', () => {
  const lab = theLab()

  async function restore(
    target: HostedDatabase,
    bucket: TestBucket,
    inputs: Record<string, string>,
  ): Promise<ActionRun> {
    return await runAction('restore-from-s3', restoreOptions(lab, target, bucket, inputs))
  }

  async function counts(url: string) {
    return await withClient(url, async client => {
      const { rows } = await client.query(
        'SELECT (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM "odd name.with dot") AS odd',
      )
      return rows[0]
    })
  }

  it('take every name for a name, and run nothing else', async () => {
    const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
    const tables = HOSTILE.map(
      name =>
        `CREATE TABLE ${quote(name)} (${quote(name)} int PRIMARY KEY); INSERT INTO ${quote(name)} VALUES (1), (2);`,
    )
    await using hosted = await createHosted(lab, tables.join('\n'))
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await withClient(hosted.url, client =>
      client.query(HOSTILE.map(name => `DELETE FROM ${quote(name)} WHERE true;`).join(' ')),
    )

    // An asterisk means every name, one with a line end too.
    const run = await restore(hosted, bucket, { tables: '*' })

    expect(run.exitCode, run.log).toBe(0)
    const script = `${shellBlockOf(run).replaceAll('ROLLBACK;', 'COMMIT;')}\n[ ! -e pwned ] && echo clean`
    expect(runInShell(lab, hosted, script)).toContain('clean')
    for (const name of HOSTILE) {
      const { rowCount } = await withClient(hosted.url, client => client.query(`SELECT FROM ${quote(name)}`))
      expect(rowCount, name).toBe(2)
    }
  })

  it('name the triggers that the INSERT fires, and can leave them out', async () => {
    await using hosted = await createHosted(
      lab,
      `CREATE TABLE notes (id int PRIMARY KEY); CREATE TABLE outbox (id int); INSERT INTO notes VALUES (1);
       CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.outbox VALUES (NEW.id); RETURN NEW; END';
       CREATE TRIGGER tells AFTER INSERT ON notes FOR EACH ROW EXECUTE FUNCTION tell()`,
    )
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await withClient(hosted.url, client => client.query('DELETE FROM notes'))

    const run = await restore(hosted, bucket, { tables: 'notes' })

    const script = shellBlockOf(run).replaceAll('ROLLBACK;', 'COMMIT;')
    expect(script).toContain('-- ALTER TABLE "public"."notes" DISABLE TRIGGER "tells";')
    runInShell(lab, hosted, script.replaceAll('-- ALTER TABLE', 'ALTER TABLE'))
    const { rows } = await withClient(hosted.url, client =>
      client.query(
        `SELECT (SELECT count(*)::int FROM notes) AS notes, (SELECT count(*)::int FROM outbox) AS outbox,
                (SELECT tgenabled FROM pg_trigger WHERE tgname = 'tells') AS state`,
      ),
    )
    expect(rows).toEqual([{ notes: 1, outbox: 0, state: 'O' }])
  })

  it('shows how to compare and copy back some tables', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await withClient(hosted.url, client =>
      client.query(
        `DELETE FROM "odd name.with dot"; DELETE FROM users WHERE id > 90; UPDATE users SET mood = 'sad' WHERE id = 1`,
      ),
    )
    const run = await restore(hosted, bucket, { tables: 'users\n"odd name.with dot"' })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.summary).toContain('only a part')
    const script = shellBlockOf(run)

    const shown = runInShell(lab, hosted, script)
    expect(shown).toContain('(11 rows)')
    expect(shown).toContain('(20 rows)')
    expect(await counts(hosted.url)).toMatchObject({ users: 90, odd: 0 })

    runInShell(lab, hosted, script.replaceAll('ROLLBACK;', 'COMMIT;'))
    expect(await counts(hosted.url)).toMatchObject({ users: 100, odd: 20 })
    const { rows } = await withClient(hosted.url, client =>
      client.query('SELECT mood FROM users WHERE id = 1'),
    )
    // What is there stays as it is.
    expect(rows).toEqual([{ mood: 'sad' }])
  })

  it('copies back in the order of foreign keys, a parent without its children', async () => {
    await using hosted = await createHosted(
      lab,
      `CREATE TABLE tags (r int, o int); INSERT INTO tags VALUES (1, 2), (3, 4);
       CREATE TABLE users (id serial PRIMARY KEY); INSERT INTO users SELECT FROM generate_series(1, 3);
       CREATE TABLE links (user_id int REFERENCES users); INSERT INTO links SELECT generate_series(1, 3);
       CREATE TABLE notes (body text); INSERT INTO notes VALUES ('own');
       CREATE TABLE old_notes () INHERITS (notes); INSERT INTO old_notes VALUES ('inherited')`,
    )
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await withClient(hosted.url, client =>
      client.query('DELETE FROM tags WHERE r = 1; DELETE FROM links; DELETE FROM users; DELETE FROM notes'),
    )

    const run = await restore(hosted, bucket, { schemas: 'public' })

    expect(run.exitCode, run.log).toBe(0)
    runInShell(lab, hosted, shellBlockOf(run).replaceAll('ROLLBACK;', 'COMMIT;'))
    const { rows } = await withClient(hosted.url, client =>
      client.query(
        `SELECT (SELECT count(*)::int FROM tags) AS tags, (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM links) AS links,
                (SELECT string_agg(body, ',' ORDER BY body) FROM notes) AS notes`,
      ),
    )
    expect(rows).toEqual([{ tags: 2, users: 3, links: 3, notes: 'inherited,own' }])
  })

  it('shows how the structure differs', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await withClient(hosted.url, client => client.query('ALTER TABLE users DROP COLUMN created_at'))
    const run = await restore(hosted, bucket, { content: 'schema' })
    expect(runInShell(lab, hosted, `${shellBlockOf(run)} || true`)).toMatch(/^> .*created_at/m)
  })
})
