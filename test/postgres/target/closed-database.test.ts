import { expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import {
  closeDatabase,
  openDatabase,
  readClosedState,
  readOpenState,
} from '../../../src/postgres/target/closed-database.ts'
import { copyConnectRights } from '../../../src/postgres/target/database-settings.ts'
import { withClient } from '../../support/database.ts'
import { createHosted } from '../../support/hosted.ts'
import { theLab } from '../../support/lab.ts'

const lab = theLab()

it('gives back rights, setting and comment, whatever they hold, on one line of SQL', async () => {
  await using app = await createHosted(lab)
  await using hosted = await createHosted(lab)
  const comment = `it's \\ours\n";DROP DATABASE x;--`
  await withClient(hosted.url, client =>
    client.query(
      `GRANT CONNECT ON DATABASE ${hosted.name} TO ${app.user} WITH GRANT OPTION;
       ALTER DATABASE ${hosted.name} SET default_transaction_read_only = off;
       COMMENT ON DATABASE ${hosted.name} IS ${client.escapeLiteral(comment)}`,
    ),
  )
  await using session = await openSession(parseConnectionUrl(hosted.url))
  const before = await readOpenState(session, hosted.name)
  expect(before).toEqual({
    readOnly: 'off',
    comment,
    connectors: [
      { role: '', grantable: false },
      { role: app.user, grantable: true },
    ],
  })

  await session.rows(closeDatabase(hosted.name, before))
  expect(await readClosedState(session, hosted.name)).toEqual(before)
  // A copy gets the rights of before, not those of the closed database.
  await session.rows(`CREATE DATABASE copy_${hosted.name}`)
  await session.rows(`REVOKE ALL ON DATABASE copy_${hosted.name} FROM PUBLIC`)
  expect(await copyConnectRights(session, hosted.name, `copy_${hosted.name}`)).toEqual([])
  expect((await readOpenState(session, `copy_${hosted.name}`)).connectors).toEqual(before.connectors)

  const sql = openDatabase(hosted.name, before)
  expect(sql).not.toMatch(/[\n\r]/)
  await session.rows(sql)
  expect(await readClosedState(session, hosted.name)).toBeUndefined()
  expect(await readOpenState(session, hosted.name)).toEqual(before)
})

it('takes a comment that only looks like its mark for a comment', async () => {
  await using hosted = await createHosted(lab)
  await using session = await openSession(parseConnectionUrl(hosted.url))
  await session.rows(
    `COMMENT ON DATABASE ${hosted.name} IS 'pg-runbook: overwrite in progress {"connectors": 7}'`,
  )
  expect(await readClosedState(session, hosted.name)).toBeUndefined()
})
