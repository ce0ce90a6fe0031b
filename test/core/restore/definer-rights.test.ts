import { describe, expect, it } from 'vitest'
import {
  type DefinerObject,
  definerChanges,
  definersOfOthers,
  entriesOfOthers,
} from '../../../src/core/restore/definer-rights.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'

const SU: DefinerObject = {
  kind: 'FUNCTION',
  schema: 'app',
  name: 'su',
  types: 'text',
  quotedName: 'su',
  identity: 'app.su(q text)',
  owner: 'restorer',
  grantees: [],
}

const su = (owner: string) => archiveEntry(1, 'FUNCTION', 'su(text)', { schema: 'app', owner })
const acl = archiveEntry(2, 'ACL', 'FUNCTION su(text)', { schema: 'app', owner: 'restorer' })

describe('rights of definer code after a restore', () => {
  it('need a change for another owner', () => {
    expect(definerChanges([SU], [su('mallory')], false)).toEqual([
      { object: SU, originalOwner: 'mallory', losesGrants: false },
    ])
  })

  it('need none for the same owner with default grants', () => {
    expect(definerChanges([SU], [su('restorer')], false)).toEqual([])
  })

  it('need a change when the grants of the original were not restored', () => {
    expect(definerChanges([SU], [su('restorer'), acl], false)).toMatchObject([{ losesGrants: true }])
    expect(definerChanges([SU], [su('restorer'), acl], true)).toEqual([])
  })

  it.each([
    archiveEntry(1, 'FUNCTION', 'su(text) postgres', { schema: 'app', owner: 'postgres' }),
    archiveEntry(1, 'FUNCTION', 'su(text)', { schema: 'other', owner: 'postgres' }),
    archiveEntry(1, 'PROCEDURE', 'su(text)', { schema: 'app', owner: 'postgres' }),
  ])('do not take the owner of another entry: $title', other => {
    expect(definerChanges([SU], [other], false)).toMatchObject([{ originalOwner: undefined }])
  })

  it('need a change of a view only when grants were restored', () => {
    const view: DefinerObject = { ...SU, kind: 'VIEW', types: null, name: 'v', quotedName: 'v' }
    const entry = archiveEntry(1, 'VIEW', 'v', { schema: 'app', owner: 'mallory' })
    expect(definerChanges([view], [entry], false)).toEqual([])
    expect(definerChanges([view], [entry], true)).toMatchObject([{ originalOwner: 'mallory' }])
  })
})

it('finds SECURITY DEFINER before the body of a routine, and not in it', () => {
  const make = (id: number, head: string, body: string) =>
    archiveEntry(id, 'FUNCTION', `f${id}()`, {
      owner: 'mallory',
      definition: `CREATE FUNCTION app.f() RETURNS text\n    LANGUAGE sql${head}\n    AS $$${body}$$;\n`,
    })
  const entries = [make(1, ' SECURITY DEFINER', 'SELECT 1'), make(2, '', '\n    SECURITY DEFINER')]
  expect(definersOfOthers(entries, 'owner').map(({ id }) => id)).toEqual(['1'])
  expect(definersOfOthers(entries, 'mallory')).toEqual([])
})

it('lists entries with code of other roles, not those without an owner', () => {
  const all = [
    archiveEntry(1, 'TABLE', 'users', { owner: 'owner' }),
    archiveEntry(2, 'VIEW', 'v', { owner: 'mallory' }),
    archiveEntry(3, 'EXTENSION', 'citext', { owner: '' }),
    archiveEntry(4, 'ACL', 'SCHEMA public', { owner: 'pg_database_owner' }),
  ]
  expect(entriesOfOthers(all, 'owner').map(({ id }) => id)).toEqual(['2'])
})
