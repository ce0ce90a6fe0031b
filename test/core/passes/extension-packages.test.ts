import { expect, it } from 'vitest'
import { adviseOnExtension } from '../../../src/core/passes/extension-packages.ts'

it.each([
  ['pg_cron', 'apt package postgresql-18-cron'],
  ['vector', 'apt package postgresql-18-pgvector, or the image pgvector/pgvector:pg18'],
  ['postgis_topology', 'apt package postgresql-18-postgis-3'],
])('names the package of %s', (name, advice) => {
  expect(adviseOnExtension(name)).toBe(advice)
})

it.each(['my_own', 'constructor', '__proto__', 'toString', ''])('invents no package of %j', name => {
  expect(adviseOnExtension(name)).toBe(
    `find its package with "apt-cache search postgresql-18", or use an image that has ${name}`,
  )
})
