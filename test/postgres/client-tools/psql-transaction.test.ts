import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { withRestoreSettings } from '../../../src/core/restore/session-settings.ts'
import { connectionEnvironment } from '../../../src/postgres/client-tools/passfile.ts'
import { beginTransaction } from '../../../src/postgres/client-tools/psql-transaction.ts'
import { createDatabase, withClient } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { createWorkplace } from '../../support/runner/workplace.ts'

const lab = theLab()

it('the server ends a locking transaction when it is silent, not while others work', async () => {
  await using database = await createDatabase(lab, 'CREATE TABLE users ()')
  const connection = withRestoreSettings(parseConnectionUrl(database.url), [])
  const env = await connectionEnvironment(connection, createWorkplace().temp, process.env)
  const psql = join(lab.postgres.binDir, 'psql')
  await using transaction = await beginTransaction({ psql, env, idleLimitMs: 600 })
  await transaction.run('LOCK TABLE public.users IN EXCLUSIVE MODE;')
  const settings = await transaction.ask(
    "SELECT name || '=' || setting FROM pg_catalog.pg_settings WHERE name LIKE 'tcp\\_%' OR name = 'search_path' ORDER BY 1;",
  )
  expect(settings).toEqual([
    'search_path=',
    'tcp_keepalives_count=6',
    'tcp_keepalives_idle=30',
    'tcp_keepalives_interval=10',
    'tcp_user_timeout=90000',
  ])

  expect(await transaction.whileIdle(() => sleep(2000, 'done'))).toBe('done')
  const write = () =>
    withClient(database.url, client =>
      client.query("SET lock_timeout = '200ms'; INSERT INTO users DEFAULT VALUES"),
    )
  await expect(write()).rejects.toThrow('lock timeout')
  await sleep(1500)

  await write()
  await expect(transaction.run('SELECT 1;')).rejects.toThrow()
})
