import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import { FILLED } from '../../../src/core/checks/definitions.ts'
import {
  holdsPart,
  narrowFound,
  narrowManifest,
  neededBytes,
  type RestoreScope,
  type ScopeInputs,
  selectTables,
} from '../../../src/core/restore/restore-scope.ts'
import { restored, withFingerprint } from '../../support/exact-checks.ts'
import { sampleTable } from '../../support/samples/manifest.ts'

const ALL: ScopeInputs = { tables: [], schemas: [], structureOnly: false, rowsOnly: false }
const MANIFEST = withFingerprint({
  tables: [
    sampleTable('users', 20_000),
    sampleTable('Links', 30_000),
    sampleTable('events', 50_000, { schema: 'audit' }),
  ],
})
const tables = (...names: readonly string[]): RestoreScope => ({
  of: 'tables',
  tables: names.map(name => ({ schema: 'public', name })),
})
const rows = (...names: readonly string[]): RestoreScope =>
  ({ ...tables(...names), of: 'rows' }) as RestoreScope
const partial: Manifest = { ...MANIFEST, backup: { ...MANIFEST.backup, kind: 'partial' } }

describe('the selection of tables', () => {
  it.each<[Partial<ScopeInputs>, RestoreScope['of']]>([
    [{}, 'everything'],
    [{ structureOnly: true }, 'structure'],
    [{ tables: ['users'] }, 'tables'],
    [{ tables: ['users'], rowsOnly: true }, 'rows'],
  ])('%j restores %s', (inputs, of) => {
    expect(selectTables(MANIFEST, { ...ALL, ...inputs }).of).toBe(of)
  })

  it.each<[Partial<ScopeInputs>, readonly string[]]>([
    [{ tables: ['USERS'] }, ['public.users']],
    [{ tables: ['"Links"'] }, ['public.Links']],
    [{ tables: ['e*'] }, ['audit.events']],
    [{ tables: ['*.*'] }, ['public.users', 'public.Links', 'audit.events']],
    [{ schemas: ['audit'] }, ['audit.events']],
    [{ tables: ['users'], schemas: ['audit'] }, ['public.users', 'audit.events']],
    [{ tables: ['users', 'public.u*'] }, ['public.users']],
  ])('%j means %j', (inputs, names) => {
    const scope = selectTables(MANIFEST, { ...ALL, ...inputs })
    expect('tables' in scope && scope.tables.map(({ schema, name }) => `${schema}.${name}`)).toEqual(names)
  })

  it.each<[Partial<ScopeInputs>, string]>([
    [{ tables: ['users', 'usres', 'public.events'] }, 'has no table that matches usres, public.events'],
    [{ tables: ['links'] }, 'has no table that matches links'],
    [{ schemas: ['app'] }, 'has no table that matches app'],
    [{ schemas: ['public.users'] }, '"public.users" has a dot; expected the name of a schema'],
    [{ tables: ['users['] }, '"users[" cannot be matched; write the name with * and ?'],
    [{ tables: ['a.b.c'] }, 'has too many dots'],
  ])('%j is refused: a slip must not restore less', (inputs, message) => {
    const select = () => selectTables(MANIFEST, { ...ALL, ...inputs })
    expect(select).toThrow(RangeError)
    expect(select).toThrow(message)
  })

  it('is not possible where the manifest lists no tables', () => {
    const none = withFingerprint({ level: 'none', tables: [] })
    expect(() => selectTables(none, { ...ALL, tables: ['users'] })).toThrow('the manifest lists no tables')
    expect(selectTables(none, { ...ALL, structureOnly: true })).toEqual({ of: 'structure' })
  })
})

it.each<[Manifest, RestoreScope, boolean]>([
  [MANIFEST, { of: 'everything' }, false],
  [partial, { of: 'everything' }, true],
  [MANIFEST, { of: 'structure' }, true],
  [MANIFEST, tables('users'), true],
  [MANIFEST, rows('users'), false],
])('%# a restore holds a part of a database, which must not replace one: %s', (manifest, scope, expected) => {
  expect(holdsPart(manifest, scope)).toBe(expected)
})

describe('the bytes that a restore needs', () => {
  const empty = withFingerprint({ tables: [] })

  it.each<[string, Manifest, RestoreScope, number]>([
    ['everything', MANIFEST, { of: 'everything' }, 10_000],
    ['the structure', MANIFEST, { of: 'structure' }, 0],
    ['a fifth of the rows', MANIFEST, tables('users'), 2000],
    ['a table of no rows', MANIFEST, tables('none'), 0],
    ['tables of a partial backup, whose size is unknown', partial, tables('users'), 10_000],
    ['a backup without rows', empty, tables('users'), 10_000],
  ])('for %s', (_, manifest, scope, bytes) => {
    expect(neededBytes(manifest, scope)).toBe(bytes)
  })
})

describe('the manifest of a scope', () => {
  const definitions = [
    { kind: FILLED, schema: 'public', name: 'v', hash: 'a' },
    { kind: 'view', schema: 'public', name: 'w', hash: 'b' },
  ] as unknown as NonNullable<Manifest['fingerprint']['definitions']>
  const manifest = { ...MANIFEST, fingerprint: { ...MANIFEST.fingerprint, definitions } }

  it('of everything is the same', () => {
    expect(narrowManifest(manifest, { of: 'everything' })).toBe(manifest)
  })

  it('of some tables has the others empty and all sequences unused', () => {
    const { fingerprint } = narrowManifest(manifest, tables('users'))
    expect(fingerprint.tables.map(({ name, rows: count }) => [name, count])).toEqual([
      ['users', 20_000],
      ['Links', 0],
      ['events', 0],
    ])
    expect(fingerprint.tables[1]).toMatchObject({ contentHash: null, newest: { value: null } })
    expect(fingerprint.sequences[0]).toMatchObject({ name: 'users_id_seq', atSnapshot: null, atEnd: null })
    expect(fingerprint).toMatchObject({ objects: null, definitions: null, largeObjectsHash: null })
  })

  it('of the structure keeps definitions, but no filled views', () => {
    const { fingerprint } = narrowManifest(manifest, { of: 'structure' })
    expect(fingerprint.tables.every(({ rows: count }) => count === 0)).toBe(true)
    expect(fingerprint.objects).toEqual(MANIFEST.fingerprint.objects)
    expect(fingerprint.definitions).toEqual([definitions[1]])
    expect(narrowManifest(MANIFEST, { of: 'structure' }).fingerprint.definitions).toBeNull()
  })

  it('of rows knows nothing but these tables', () => {
    const { backup, fingerprint } = narrowManifest(manifest, rows('users'))
    expect(backup.tablePatterns).toEqual(['public.users'])
    expect(fingerprint.tables).toEqual([MANIFEST.fingerprint.tables[0]])
    expect(fingerprint).toMatchObject({ sequences: [], objects: null, definitions: null })
  })
})

it('looks at the tables of a target whose rows are replaced, and at no sequence', () => {
  const found = restored()
  expect(narrowFound(found, tables('users'))).toBe(found)
  const narrowed = narrowFound(found, rows('users'))
  expect(narrowed.tables.map(({ name }) => name)).toEqual(['users'])
  expect(narrowed.sequences.size).toBe(0)
})
