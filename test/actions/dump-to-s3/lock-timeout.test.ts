import process from 'node:process'
import { afterEach, expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { EVERYTHING } from '../../../src/postgres/catalog/tables.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { holdSnapshot } from '../../../src/postgres/source/snapshot.ts'
import { Inputs } from '../../../src/runner/inputs.ts'
import { readLockTimeoutMs } from '../../../src/wiring/dump-inputs.ts'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const INPUT = 'INPUT_LOCK-TIMEOUT'
afterEach(() => {
  delete process.env[INPUT]
})

function readTimeout(text: string): number {
  process.env[INPUT] = text
  const inputs = new Inputs()
  return inputs.finish({ timeoutMs: readLockTimeoutMs(inputs, 'lock-timeout') }).timeoutMs
}

it.each(['1s', '60s', '24d'])('lock-timeout: %s is one that PostgreSQL takes', async text => {
  await using database = await createDatabase(theLab(), 'CREATE TABLE t (a int)')
  await using session = await openSession(parseConnectionUrl(database.url))
  const { tables } = await holdSnapshot(session, EVERYTHING, readTimeout(text), () => [])
  expect(tables).toHaveLength(1)
})

it.each([
  ['0s', 'at least 1s'],
  ['1000h', 'at most 24d'],
])('lock-timeout: %s is refused', (text, why) => {
  expect(() => readTimeout(text)).toThrow(`lock-timeout: must be ${why}`)
})
