import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { createPolicyRoles, dropPolicyRoles } from '../../../src/postgres/scratch/policy-roles.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase, databaseUrl } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { startPrivateServer } from '../../support/private-server.ts'

it('the roles of two drills that end together go with the last database using them', async () => {
  // Alone on its server: no drill of another test keeps the roles.
  await using lab = await startPrivateServer(theLab())
  const server = parseConnectionUrl(databaseUrl(lab, 'postgres'))
  const role = `policy_${randomBytes(4).toString('hex')}`
  await using database = await createDatabase(lab, '')
  {
    await using drill = await openSession(server)
    await createPolicyRoles(drill, server, [role])
  }
  await database.query(`CREATE TABLE t (a int); CREATE POLICY p ON t TO ${role} USING (true)`)
  await using first = await openSession(server)
  const isThere = async () =>
    (await first.rows(`SELECT FROM pg_catalog.pg_roles WHERE rolname = $1`, [role])).length === 1

  await dropPolicyRoles(first)
  expect(await isThere()).toBe(true)

  await database.drop()
  const second = await openSession(server)
  const removing = dropPolicyRoles(second)
  await first[Symbol.asyncDispose]()
  await removing
  await second[Symbol.asyncDispose]()
  await using third = await openSession(server)
  expect(await third.rows('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [role])).toEqual([])
})
