import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { parseRestoreRecord } from '../../src/core/restore/restore-record.ts'
import { createBucket } from '../support/bucket.ts'
import { databaseUrl, withClient } from '../support/database.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { runAction, startAction } from '../support/runner.ts'

const SMALL = `
  CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL);
  INSERT INTO users (email) SELECT 'user' || i FROM generate_series(1, 100) AS i;`

const SWAP = { mode: 'swap' }

describe('restore-from-s3 in mode swap', () => {
  const lab = theLab()

  const users = (url: string) =>
    withClient(url, async client => (await client.query('SELECT count(*)::int AS users FROM users')).rows)

  /** A session that only a superuser can end, from the moment that a restored database is there. */
  async function stayInTheWay(target: HostedDatabase): Promise<Client> {
    for (;;) {
      const { rowCount } = await withClient(databaseUrl(lab, 'postgres'), client =>
        client.query(`SELECT FROM pg_database WHERE datname LIKE '${target.name}\\_restored%'`),
      )
      if (rowCount === 1) break
      await sleep(10)
    }
    const client = new Client({ connectionString: target.adminUrl })
    client.on('error', () => {})
    await client.connect()
    return client
  }

  it.each(['cancelled', 'killed'])('keeps the verified database when it is %s in the middle', async how => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const inTheWay = stayInTheWay(hosted)
    const options = restoreOptions(lab, hosted, bucket, SWAP)
    const action = startAction('restore-from-s3', options)
    await action.waitForLog(/##\[group\]Swap/)
    await inTheWay
    await sleep(300)

    if (how === 'killed') action.signal('SIGKILL')
    const run = how === 'killed' ? await action.finished : await action.cancel()
    const post = await runAction('restore-from-s3', { ...options, phase: 'post', after: run })
    await (await inTheWay).end()

    expect(post.exitCode, post.log).toBe(0)
    const names = await withClient(hosted.url, async client => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT datname AS name FROM pg_database WHERE datname LIKE '${hosted.name}\\_%'`,
      )
      return rows.map(({ name }) => name)
    })
    expect(names, run.log).toHaveLength(1)
    const [restored = ''] = names
    expect(restored).toContain('_restored_')
    expect(await users(hosted.urlOf(restored))).toEqual([{ users: 100 }])
    expect(post.log).toContain(restored)
    if (how === 'killed') return
    expect(run.outputs).toMatchObject({ outcome: 'failed', 'restored-to': restored, notice: '' })
    expect(run.summary).toContain('not swapped in')
    expect(run.summary).not.toContain('Notice to users')
  })

  it('cleans up where transactions are read-only by default', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await withClient(hosted.adminUrl, client =>
      client.query(`ALTER ROLE ${hosted.user} SET default_transaction_read_only = on`),
    )
    const options = restoreOptions(lab, hosted, bucket, SWAP)
    const action = startAction('restore-from-s3', options)
    await action.waitForLog(/##\[group\]Restore/)
    action.signal('SIGKILL')
    const run = await action.finished

    const post = await runAction('restore-from-s3', { ...options, phase: 'post', after: run })

    expect(post.exitCode, post.log).toBe(0)
    const { rowCount } = await withClient(hosted.url, client =>
      client.query(`SELECT FROM pg_database WHERE datname LIKE '${hosted.name}\\_%'`),
    )
    expect(rowCount).toBe(0)
  })

  it('gives the new database the collation of the old one, whatever the backup had', async () => {
    await using source = await createHosted(lab, SMALL)
    await using hosted = await createHosted(lab)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, source, bucket)
    await withClient(databaseUrl(lab, 'postgres'), async client => {
      await client.query(`DROP DATABASE ${hosted.name}`)
      await client.query(
        `CREATE DATABASE ${hosted.name} OWNER ${hosted.user} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'sv' ICU_RULES '&a < g' LC_COLLATE 'C' LC_CTYPE 'C'`,
      )
    })
    const locale = `SELECT datlocprovider, datlocale, daticurules FROM pg_database WHERE datname = current_database()`
    const before = await withClient(hosted.url, async client => (await client.query(locale)).rows)

    const swap = { ...SWAP, 'confirm-source': source.name }
    const run = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, swap))

    expect(run.exitCode, run.log).toBe(0)
    expect(await withClient(hosted.url, async client => (await client.query(locale)).rows)).toEqual(before)
    expect(await users(hosted.url)).toEqual([{ users: 100 }])
  })

  it.each(['new-database', 'swap', 'overwrite'])(
    'takes a sequence that is behind its column in the source for information: %s',
    async mode => {
      await using hosted = await createHosted(lab, `${SMALL} SELECT setval('users_id_seq', 5)`)
      await using bucket = await createBucket(lab)
      await dumpLogi(lab, hosted, bucket)

      const run = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, { mode }))

      expect(run.exitCode, run.log).toBe(0)
      expect(run.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
      const [key = ''] = await bucket.list('backups/restores/logi/')
      const { checks } = parseRestoreRecord((await bucket.read(key)).toString(), key)
      const behind = checks.find(
        ({ name, group }) => name === 'sequence users_id_seq' && group === 'structure',
      )
      expect(behind?.verdict).toBe('information')
      expect(behind?.note).toContain('setval')
    },
  )

  it('warns beforehand of what it cannot pass on, by the later name of the database', async () => {
    await using app = await createHosted(lab)
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await withClient(hosted.adminUrl, async client => {
      await client.query(`ALTER ROLE ${app.user} IN DATABASE ${hosted.name} SET work_mem TO '7MB'`)
      await client.query(`ALTER DATABASE ${hosted.name} SET log_min_duration_statement TO '1s'`)
      await client.query(`ALTER DATABASE ${hosted.name} SET app."user" TO 'nobody'`)
    })
    const statements = [
      `ALTER ROLE "${app.user}" IN DATABASE "${hosted.name}" SET work_mem TO '7MB';`,
      `ALTER DATABASE "${hosted.name}" SET log_min_duration_statement TO '1s';`,
      `ALTER DATABASE "${hosted.name}" SET "app.user" TO 'nobody';`,
    ]

    const plan = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, { ...SWAP, 'dry-run': 'true' }),
    )
    const warnings = plan.annotations.map(({ message }) => message).join('\n')
    for (const statement of statements) expect(warnings).toContain(statement)

    const run = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, SWAP))
    expect(run.exitCode, run.log).toBe(0)
    await withClient(hosted.adminUrl, async client => {
      for (const statement of statements) {
        expect(run.annotations.map(({ message }) => message).join('\n')).toContain(statement)
        await client.query(statement)
      }
    })
  })

  it('ends sessions of others of which it may not see what they are', async () => {
    await using app = await createHosted(lab)
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const others = hosted.url.replace(
      /\/\/.*@/,
      `//${new URL(app.url).username}:${new URL(app.url).password}@`,
    )

    await withClient(others, async () => {
      const refused = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, SWAP))
      expect(refused.annotations.at(-1)?.title).toBe('restore-from-s3: TARGET_BUSY')
      expect(refused.annotations.at(-1)?.message).toContain(app.user)
      expect(refused.outputs['restored-to'] ?? '').toBe('')
      await withClient(hosted.adminUrl, client => client.query(`GRANT pg_signal_backend TO ${hosted.user}`))

      const run = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, SWAP))
      expect(run.exitCode, run.log).toBe(0)
    }).catch(error => {
      // Its own end of the connection is what was cut.
      if (!/terminat/i.test(String(error))) throw error
    })
  })

  it.each(['new-database', 'swap', 'overwrite'])(
    'runs no function that the database put before those of the system, in mode %s',
    async mode => {
      await using hosted = await createHosted(lab, SMALL)
      await using bucket = await createBucket(lab)
      await dumpLogi(lab, hosted, bucket)
      const trap = (signature: string, result: string) =>
        `CREATE FUNCTION evil.${signature} RETURNS ${result} LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil'; END $$;`
      await withClient(hosted.adminUrl, client =>
        client.query(
          `CREATE SCHEMA evil AUTHORIZATION ${hosted.user}; GRANT USAGE ON SCHEMA evil TO PUBLIC;
         ${trap('pg_database_size(oid)', 'bigint')} ${trap('pg_has_role(oid, text)', 'boolean')} ${trap('shobj_description(oid, name)', 'text')}
         ${trap('pg_terminate_backend(int)', 'boolean')} ${trap('current_setting(text)', 'text')} ${trap('lo_unlink(oid)', 'int')}
         ALTER FUNCTION evil.pg_database_size OWNER TO ${hosted.user}; ALTER FUNCTION evil.pg_has_role OWNER TO ${hosted.user};
         ALTER DATABASE ${hosted.name} SET search_path = evil, pg_catalog, public`,
        ),
      )

      const run = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, { mode }))

      expect(run.log).not.toContain('evil')
      expect(run.exitCode, run.log).toBe(0)
    },
  )
})
