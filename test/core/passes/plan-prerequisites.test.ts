import { describe, expect, it } from 'vitest'
import { extensionSchema, planPrerequisites } from '../../../src/core/passes/plan-prerequisites.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'

const extension = (definition: string, name = 'x') => archiveEntry(2, 'EXTENSION', name, { definition })
const statements = (definition: string, name?: string) =>
  planPrerequisites([extension(definition, name)], { hasSuperuser: true }, 'o')[0]?.statements

describe('the prerequisites', () => {
  it('are extensions with their schemas, rebuilt from their names', () => {
    const entries = [
      archiveEntry(1, 'SCHEMA', 'ext'),
      extension('CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA ext;\n', 'citext'),
      archiveEntry(3, 'COMMENT', 'EXTENSION citext', { dependsOn: ['2'] }),
    ]
    expect(planPrerequisites(entries, { hasSuperuser: true }, 'runbook_drill_1')).toEqual([
      {
        what: 'extension citext',
        role: 'superuser',
        statements: [
          'CREATE SCHEMA IF NOT EXISTS "ext" AUTHORIZATION "runbook_drill_1"',
          'CREATE EXTENSION IF NOT EXISTS "citext" WITH SCHEMA "ext"',
        ],
        entry: entries[1],
      },
    ])
  })

  it('run nothing else that an archive writes into the statement of an extension', () => {
    expect(statements('CREATE EXTENSION x WITH SCHEMA public; DROP TABLE t;')).toEqual([
      'CREATE EXTENSION IF NOT EXISTS "x" WITH SCHEMA "public"',
    ])
  })

  it.each([
    ['CREATE EXTENSION x WITH SCHEMA "Odd ""schema""; y";', '"Odd ""schema""; y"'],
    ['CREATE EXTENSION IF NOT EXISTS x WITH SCHEMA pg_catalog;', '"pg_catalog"'],
    // A name can read like the clause that follows it.
    ['CREATE EXTENSION IF NOT EXISTS "x WITH SCHEMA y" WITH SCHEMA z;', '"z"'],
    ['CREATE EXTENSION "a""b WITH SCHEMA y" WITH SCHEMA "z";', '"z"'],
  ])('read the schema of %s', (definition, schema) => {
    expect(statements(definition)).toEqual([`CREATE EXTENSION IF NOT EXISTS "x" WITH SCHEMA ${schema}`])
  })

  it.each(['', 'CREATE EXTENSION x;', 'CREATE EXTENSION "x WITH SCHEMA y";'])(
    'name no schema for %j',
    definition => {
      expect(statements(definition)).toEqual(['CREATE EXTENSION IF NOT EXISTS "x"'])
    },
  )

  it('quote the name of the extension', () => {
    expect(statements('', 'uuid"; DROP TABLE t; --')).toEqual([
      'CREATE EXTENSION IF NOT EXISTS "uuid""; DROP TABLE t; --"',
    ])
  })

  it('are made by the owner where there is no superuser', () => {
    const [attempt] = planPrerequisites([extension('')], { hasSuperuser: false }, undefined)
    expect(attempt?.role).toBe('owner')
  })

  it('are none without extensions', () => {
    expect(planPrerequisites([archiveEntry(1, 'SCHEMA', 'ext')], { hasSuperuser: true }, 'o')).toEqual([])
  })
})

it.each([
  ['ext', 'ext'],
  ['other', undefined],
])('the schema of an extension in an archive that makes schema %s: %s', (made, expected) => {
  const entries = [archiveEntry(1, 'SCHEMA', made), archiveEntry(3, 'TABLE', 'ext')]
  expect(extensionSchema(extension('CREATE EXTENSION x WITH SCHEMA ext;'), entries)).toBe(expected)
})
