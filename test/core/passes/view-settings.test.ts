import { expect, it } from 'vitest'
import { rowSettings, viewSettings } from '../../../src/core/passes/view-settings.ts'

it('gives the settings of the database to sessions that fill materialised views', () => {
  expect(
    viewSettings([
      `ALTER DATABASE "my ""app" SET "app.tenant" TO 'a;\nb'`,
      "ALTER DATABASE app SET DateStyle TO 'iso, dmy'",
    ]),
  ).toEqual([
    { name: 'app.tenant', set: `SET "app.tenant" TO 'a;\nb'`, reset: 'RESET "app.tenant"' },
    { name: 'DateStyle', set: "SET DateStyle TO 'iso, dmy'", reset: 'RESET DateStyle' },
  ])
})

it.each([
  ["SET client_encoding TO 'latin1'"],
  ["SET role TO 'admin'"],
  ["SET statement_timeout TO '1s'"],
  ["SET default_transaction_read_only TO 'on'"],
  ["SET search_path TO 'evil', 'pg_catalog'"],
  ['CONNECTION LIMIT = 3'],
  ['IS_TEMPLATE = true'],
])('leaves out %s, which a restore decides itself', setting => {
  expect(viewSettings([`ALTER DATABASE app ${setting}`])).toEqual([])
})

it('gives those of the application and the time zone to sessions that load rows', () => {
  const names = ['"app.tenant"', '"TimeZone"', 'array_nulls', 'xmloption']
  const settings = viewSettings(names.map(name => `ALTER DATABASE app SET ${name} TO 'x'`))
  expect(rowSettings(settings).map(({ name }) => name)).toEqual(['app.tenant', 'TimeZone'])
})

it('leaves out the settings of single roles', () => {
  expect(viewSettings([`ALTER ROLE r IN DATABASE app SET "app.tenant" TO '1'`])).toEqual([])
})
