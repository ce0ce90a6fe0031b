import { describe, expect, it, test } from 'vitest'
import type { Definition, Manifest, SequenceFingerprint } from '../../../src/core/backup/manifest.ts'
import { type Check, verdictOf } from '../../../src/core/checks/check.ts'
import { exactChecks, type RestoredContent } from '../../../src/core/checks/compare-manifest.ts'
import { foldDefinitions } from '../../../src/core/checks/definitions.ts'
import type { RestoredSequence } from '../../../src/core/checks/sequences.ts'
import { SAMPLE, sampleSequence, sampleTable } from '../../support/samples/manifest.ts'

/** What came back is just what the manifest says, but for what is given. */
function restored(changes: Partial<RestoredContent> = {}): RestoredContent {
  return {
    tables: SAMPLE.fingerprint.tables,
    sequences: sequences('20001', null),
    extensions: SAMPLE.server.extensions,
    objects: {
      indexes: 9,
      constraints: 7,
      triggers: 2,
      functions: 1,
      policies: 0,
      views: 2,
      largeObjects: 0,
    },
    serverMajor: 18,
    unloggedTables: [],
    definitions: null,
    largeObjectsHash: null,
    ...changes,
  }
}

function sequences(users: string | null, unused: string | null): ReadonlyMap<string, RestoredSequence> {
  return new Map([
    [
      'public.users_id_seq',
      { schema: 'public', name: 'users_id_seq', value: users, next: null, isConfiguration: false },
    ],
    [
      'public.unused_seq',
      { schema: 'public', name: 'unused_seq', value: unused, next: null, isConfiguration: false },
    ],
  ])
}

/** The manifest with another fingerprint. */
function manifest(changes: Partial<Manifest['fingerprint']>): Manifest {
  return { ...SAMPLE, fingerprint: { ...SAMPLE.fingerprint, ...changes } }
}

const SAMPLE_CHECK: Check = {
  group: 'exact',
  name: 'x',
  verdict: 'pass',
  expected: '',
  found: '',
  note: null,
}

const failures = (checks: readonly Check[]) => checks.filter(({ verdict }) => verdict === 'fail')

/** Each failure on a line, as an operator reads it. */
const lines = (checks: readonly Check[]) =>
  failures(checks).map(({ name, expected, found }) => `${name}: ${expected} | ${found}`)

describe('an exact copy', () => {
  it('passes, in one line a table and one line a kind for the rest', () => {
    const checks = exactChecks(SAMPLE, restored())
    expect(checks.map(({ group, name, verdict, found }) => [group, name, verdict, found])).toEqual([
      ['exact', 'all tables', 'pass', '50,000 rows in 2 tables'],
      [
        'exact',
        'table users',
        'pass',
        '20,000 rows, newest created_at 2026-11-01 03:00:00+00, content 0123456789ab',
      ],
      [
        'exact',
        'table links',
        'pass',
        '30,000 rows, newest created_at 2026-11-01 03:00:00+00, content 0123456789ab',
      ],
      ['exact', 'sequences', 'pass', '2 sequences where the backup left them'],
      ['structure', 'extensions', 'pass', 'citext 1.6, plpgsql 1.0'],
      [
        'structure',
        'objects',
        'pass',
        '9 indexes, 7 constraints, 2 triggers, 1 function, 0 policies, 2 views, 0 large objects',
      ],
    ])
    expect(checks.filter(({ verdict, expected, found }) => verdict === 'pass' && expected !== found)).toEqual(
      [],
    )
    expect(verdictOf(checks)).toBe('pass')
  })

  test.each([
    ['without tables', []],
    ['without a row', [{ ...sampleTable('users', 0), newest: null }]],
  ])('of a database %s is not measured, and says why', (_, tables) => {
    const checks = exactChecks(manifest({ tables }), restored({ tables }))
    expect(checks[0]).toMatchObject({
      group: 'exact',
      name: 'all tables',
      verdict: 'not-measured',
      note: expect.stringContaining('was empty'),
    })
    expect(verdictOf(checks)).toBe('not-measured')
    const criterion = { ...SAMPLE_CHECK, group: 'criteria' } as const
    expect(verdictOf([...checks, criterion])).toBe('pass')
  })

  it('of a database without a row fails where rows came from somewhere', () => {
    const tables = [sampleTable('users', 0)]
    expect(
      verdictOf(exactChecks(manifest({ tables }), restored({ tables: [sampleTable('users', 1)] }))),
    ).toBe('fail')
  })

  it('is not measured where the manifest counted nothing', () => {
    const checks = exactChecks(
      manifest({ level: 'none', tables: [], sequences: [], objects: null }),
      restored(),
    )
    expect(checks.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['all tables', 'not-measured'],
      ['extensions', 'pass'],
    ])
    expect(verdictOf(checks)).toBe('not-measured')
  })
})

describe('a table', () => {
  const [users, links] = SAMPLE.fingerprint.tables
  const withUsers = (changes: object) =>
    restored({ tables: [sampleTable('users', 20_000, changes), sampleTable('links', 30_000)] })

  test.each<[string, RestoredContent, readonly string[]]>([
    ['with one row fewer', withUsers({ rows: 19_999 }), ['table users: 20,000 rows | 19,999 rows (1 fewer)']],
    [
      'with three rows more',
      withUsers({ rows: 20_003 }),
      ['table users: 20,000 rows | 20,003 rows (3 more)'],
    ],
    [
      'with another newest value',
      withUsers({ newest: { column: 'created_at', value: '2026-11-01 02:59:59+00' } }),
      [
        'table users: 20,000 rows, newest created_at 2026-11-01 03:00:00+00 | 20,000 rows, newest created_at 2026-11-01 02:59:59+00',
      ],
    ],
    [
      'without its newest value',
      withUsers({ newest: { column: 'created_at', value: null } }),
      [
        'table users: 20,000 rows, newest created_at 2026-11-01 03:00:00+00 | 20,000 rows, newest created_at none',
      ],
    ],
    [
      'without its time column',
      withUsers({ newest: null }),
      ['table users: 20,000 rows, newest created_at 2026-11-01 03:00:00+00 | 20,000 rows, no time column'],
    ],
    [
      'with other content',
      withUsers({ contentHash: 'fedcba9876543210fedcba9876543210' }),
      ['table users: 20,000 rows, content 0123456789ab | 20,000 rows, content fedcba987654'],
    ],
    [
      'with content that differs in the last digit',
      withUsers({ contentHash: '0123456789abcdef0123456789abcdee' }),
      [
        'table users: 20,000 rows, content 0123456789abcdef0123456789abcdef | 20,000 rows, content 0123456789abcdef0123456789abcdee',
      ],
    ],
    [
      'whose content was not read',
      withUsers({ contentHash: null }),
      ['table users: 20,000 rows, content 0123456789ab | 20,000 rows, content not read'],
    ],
    [
      'that is missing',
      restored({ tables: [sampleTable('links', 30_000)] }),
      ['table users: 20,000 rows | no such table'],
    ],
    [
      'of the same name in another schema',
      restored({ tables: [sampleTable('users', 20_000, { schema: 'old' }), sampleTable('links', 30_000)] }),
      ['table users: 20,000 rows | no such table', 'table old.users: no such table | 20,000 rows'],
    ],
  ])('%s fails', (_, found, expected) => {
    const checks = exactChecks(SAMPLE, found)
    expect(lines(checks)).toEqual(expected)
    expect(verdictOf(checks)).toBe('fail')
    expect(checks.find(({ name }) => name === 'all tables')).toBeUndefined()
  })

  it('passes at level counts although its content is not known', () => {
    const counted = manifest({
      level: 'counts',
      tables: [{ ...sampleTable('users', 20_000), contentHash: null }],
    })
    expect(failures(exactChecks(counted, restored({ tables: [users ?? sampleTable('', 0)] })))).toEqual([])
  })

  it('two tables stay apart whose schema and name are the same when joined by a dot', () => {
    const dotted = [sampleTable('b.c', 1, { schema: 'a' }), sampleTable('c', 1, { schema: 'a.b' })]
    expect(failures(exactChecks(manifest({ tables: dotted }), restored({ tables: dotted })))).toEqual([])
    const twice = [dotted[0] ?? sampleTable('', 0)]
    expect(failures(exactChecks(manifest({ tables: dotted }), restored({ tables: twice })))).toHaveLength(1)
  })

  it('is compared in whatever order', () => {
    const swapped = restored({ tables: [links ?? sampleTable('', 0), users ?? sampleTable('', 0)] })
    expect(failures(exactChecks(SAMPLE, swapped))).toEqual([])
  })
})

describe('a sequence', () => {
  test.each([
    ['at the snapshot', '20000'],
    ['between snapshot and end', '20002'],
    ['at the end', '20003'],
  ])('%s passes', (_, value) => {
    expect(failures(exactChecks(SAMPLE, restored({ sequences: sequences(value, null) })))).toEqual([])
  })

  test.each([
    ['set back', '19999', 'sequence users_id_seq: 20000 to 20003 | 19999'],
    ['ahead', '20004', 'sequence users_id_seq: 20000 to 20003 | 20004'],
    ['never used', null, 'sequence users_id_seq: 20000 to 20003 | never used'],
  ])('%s fails', (_, value, line) => {
    expect(lines(exactChecks(SAMPLE, restored({ sequences: sequences(value, null) })))).toEqual([line])
  })

  it('that was never used and now was fails', () => {
    expect(lines(exactChecks(SAMPLE, restored({ sequences: sequences('20000', '1') })))).toEqual([
      'sequence unused_seq: never used | 1',
    ])
  })

  it('that is missing, or one too many, fails', () => {
    const other = new Map([
      ['a.b', { schema: 'a', name: 'b', value: '1', next: null, isConfiguration: false }],
    ])
    expect(lines(exactChecks(SAMPLE, restored({ sequences: other })))).toEqual([
      'sequence users_id_seq: 20000 to 20003 | no such sequence',
      'sequence unused_seq: never used | no such sequence',
      'sequence a.b: no such sequence | 1',
    ])
  })

  test.each<[string, string | null, string | null, string | null, boolean]>([
    ['counting down', '-5', '-9', '-7', true],
    ['counting down, behind', '-5', '-9', '-4', false],
    ['used first during the dump', null, '3', '2', true],
    ['used first during the dump, not yet in the archive', null, '3', null, true],
    ['used first during the dump, ahead', null, '3', '4', false],
    ['beyond 2^53', '9007199254740993', '9007199254740993', '9007199254740992', false],
  ])('%s: %s to %s, found %s', (_, atSnapshot, atEnd, value, passes) => {
    const one = manifest({ sequences: [sampleSequence('s', { atSnapshot, atEnd })] })
    const found = new Map([
      ['public.s', { schema: 'public', name: 's', value, next: null, isConfiguration: false }],
    ])
    expect(failures(exactChecks(one, restored({ sequences: found })))).toHaveLength(passes ? 0 : 1)
  })

  const UNUSED = { atSnapshot: null, atEnd: null, nextAtSnapshot: '5000', nextAtEnd: '5000' }
  const USED_ON_THE_WAY = { ...UNUSED, atEnd: '5002', nextAtEnd: null }

  test.each<[string, Partial<SequenceFingerprint>, Pick<RestoredSequence, 'value' | 'next'>, string]>([
    ['never used, as it was', UNUSED, { value: null, next: '5000' }, ''],
    [
      'never used, set to another first value',
      UNUSED,
      { value: null, next: '1' },
      'never used, first 5000 | never used, first 1',
    ],
    ['never used, and used', UNUSED, { value: '5000', next: null }, 'never used, first 5000 | 5000'],
    ['used first during the dump', USED_ON_THE_WAY, { value: '5001', next: null }, ''],
    ['used first during the dump, not yet', USED_ON_THE_WAY, { value: null, next: '5000' }, ''],
    [
      'used first during the dump, below its first value',
      USED_ON_THE_WAY,
      { value: '4999', next: null },
      'never used, first 5000 to 5002 | 4999',
    ],
    [
      'set back to be given out again',
      { atSnapshot: '7', atEnd: '7' },
      { value: null, next: '7' },
      '7 | never used, first 7',
    ],
    [
      'turned round during the dump',
      { atSnapshot: '998', atEnd: '3', cycles: true },
      { value: '999', next: null },
      '',
    ],
    [
      'that could have turned round, and did not move',
      { atSnapshot: '998', atEnd: '998', cycles: true },
      { value: '3', next: null },
      '998 | 3',
    ],
  ])('%s', (_, changes, state, line) => {
    const one = manifest({ sequences: [sampleSequence('s', changes)] })
    const found = new Map([['public.s', { schema: 'public', name: 's', ...state, isConfiguration: false }]])
    expect(lines(exactChecks(one, restored({ sequences: found })))).toEqual(
      line === '' ? [] : [`sequence s: ${line}`],
    )
  })
})

describe('a sequence that the manifest of a partial backup does not list', () => {
  const partial = { ...SAMPLE, backup: { ...SAMPLE.backup, kind: 'partial', schemas: ['public'] } } as const
  const more = { schema: 'public', name: 'alone', value: '3', next: null, isConfiguration: false }
  const found = restored({ sequences: new Map([...sequences('20001', null), ['public.alone', more]]) })

  it('is information: pg_dump takes sequences along that patterns name', () => {
    expect(failures(exactChecks(partial, found))).toEqual([])
    expect(exactChecks(partial, found).find(({ name }) => name === 'other sequences')).toMatchObject({
      verdict: 'information',
      found: 'alone',
    })
  })

  it('fails in a full one', () => {
    expect(lines(exactChecks(SAMPLE, found))).toEqual(['sequence alone: no such sequence | 3'])
  })
})

describe('rows of an extension', () => {
  const spatial = sampleTable('spatial_ref_sys', 3, { extension: 'citext' })
  const known = manifest({ tables: [...SAMPLE.fingerprint.tables, spatial] })
  const fewer = { ...spatial, rows: 2 }
  const found = restored({ tables: [...SAMPLE.fingerprint.tables, fewer] })

  it('that differ fail', () => {
    expect(lines(exactChecks(known, found))[0]).toBe('table spatial_ref_sys: 3 rows | 2 rows (1 fewer)')
  })

  it('rows that differ under another extension version are information', () => {
    const extensions = SAMPLE.server.extensions.map(extension => ({ ...extension, version: '9' }))
    const checks = exactChecks(known, { ...found, extensions })
    expect(failures(checks)).toEqual([])
    expect(checks.find(({ name }) => name === 'table spatial_ref_sys')).toMatchObject({
      verdict: 'information',
      note: expect.stringContaining('is of version 9 here and was of 1.6'),
    })
  })

  it('that an older manifest does not list are information', () => {
    expect(failures(exactChecks(SAMPLE, found))).toEqual([])
  })
})

describe('an extension', () => {
  it('that is missing fails', () => {
    const checks = exactChecks(SAMPLE, restored({ extensions: SAMPLE.server.extensions.slice(1) }))
    expect(lines(checks)).toEqual(['extension citext: 1.6 in schema public | not installed'])
    expect(verdictOf(checks)).toBe('fail')
  })

  it('in another schema fails', () => {
    const moved = SAMPLE.server.extensions.map(extension => ({ ...extension, schema: 'other' }))
    expect(lines(exactChecks(SAMPLE, restored({ extensions: moved })))[0]).toBe(
      'extension citext: 1.6 in schema public | 1.6 in schema other',
    )
  })

  it('of another version, or one too many, is a note', () => {
    const extensions = [
      { name: 'citext', version: '1.8', schema: 'public' },
      { name: 'plpgsql', version: '1.0', schema: 'pg_catalog' },
      { name: 'neon', version: '1', schema: 'neon' },
    ]
    const checks = exactChecks(SAMPLE, restored({ extensions }))
    expect(failures(checks)).toEqual([])
    expect(checks.find(({ name }) => name === 'extensions')?.note).toBe(
      'other version than in the backup: citext (an archive names no version); not from the backup: neon',
    )
  })

  it('is not in a backup that names its tables', () => {
    const partial = { ...SAMPLE, backup: { ...SAMPLE.backup, tablePatterns: ['users'] } }
    expect(failures(exactChecks(partial, restored({ extensions: [] })))).toEqual([])
  })
})

describe('counts of objects', () => {
  test.each(['indexes', 'constraints', 'triggers', 'functions', 'policies', 'views'] as const)(
    '%s that differ fail, with both numbers',
    kind => {
      const objects = { ...restored().objects, [kind]: restored().objects[kind] + 1 }
      const expected = restored().objects[kind]
      expect(lines(exactChecks(SAMPLE, restored({ objects })))).toEqual([
        `${kind}: ${expected} | ${expected + 1} (1 more)`,
      ])
    },
  )

  it('leave constraints out where the source did not count NOT NULL among them', () => {
    const old = { ...SAMPLE, server: { ...SAMPLE.server, version: '17.12' } }
    const objects = { ...restored().objects, constraints: 31 }
    const checks = exactChecks(old, restored({ objects }))
    expect(failures(checks)).toEqual([])
    expect(checks.at(-1)?.note).toContain('PostgreSQL 17.12')
    expect(checks.at(-1)?.found).not.toContain('31')
  })

  it('are not compared with a partial backup', () => {
    const checks = exactChecks(
      manifest({ objects: null }),
      restored({ objects: { ...restored().objects, views: 99 } }),
    )
    expect(failures(checks)).toEqual([])
  })
})

describe('a definition', () => {
  const view = { kind: 'view', name: 'public.v', hash: 'a' }
  const column = { kind: 'columns', name: 'public.v', hash: 'b' }
  const known = manifest({ definitions: [view, column] })
  const found = (...definitions: Definition[]) => restored({ definitions })

  it('of every object as in the source is one line', () => {
    const check = exactChecks(known, found(column, view)).at(-1)
    expect(check).toMatchObject({
      group: 'structure',
      name: 'definitions',
      verdict: 'pass',
      found: '2 definitions as in the source',
    })
  })

  test.each<[string, RestoredContent, readonly string[]]>([
    [
      'that is another',
      found({ ...view, hash: 'c' }, column),
      ['definition of view public.v: as in the source | another one'],
    ],
    ['that is missing', found(column), ['definition of view public.v: as in the source | missing']],
    [
      'that is one too many',
      found(view, column, { ...view, name: 'public.w' }),
      ['definition of view public.w: none | there is one'],
    ],
  ])('%s fails', (_, content, expected) => {
    expect(lines(exactChecks(known, content))).toEqual(expected)
  })

  it('a definition of another major version is compared by name alone', () => {
    const newer = { serverMajor: 19 }
    const same = exactChecks(known, { ...found({ ...view, hash: 'c' }), ...newer })
    expect(failures(same)).toEqual([])
    expect(same.at(-1)?.note).toContain('By their names')
    expect(lines(exactChecks(known, { ...found(), ...newer }))).toEqual([
      'definition of view public.v: as in the source | missing',
    ])
  })

  it('is not compared with a manifest that has none', () => {
    expect(failures(exactChecks(SAMPLE, found(view)))).toEqual([])
  })

  it('of very many is one hash a kind', () => {
    const folded = foldDefinitions([view, { ...view, name: 'public.w' }, column], 2)
    expect(folded?.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['view (all)', 'columns (all)'])
    const many = manifest({ definitions: folded })
    expect(failures(exactChecks(many, found(view, { ...view, name: 'public.w' }, column)))).toEqual([])
    expect(lines(exactChecks(many, found(view, column)))).toEqual([
      'definition of view (all): as in the source | another one',
    ])
  })
})

describe('large objects', () => {
  const objects = { ...restored().objects, largeObjects: 2 }
  const known = manifest({ objects, largeObjectsHash: 'a'.repeat(32) })
  const judge = (expected: Manifest, largeObjectsHash: string | null) =>
    exactChecks(expected, restored({ objects, largeObjectsHash })).find(
      ({ name }) => name === 'large objects',
    )

  it('of the same bytes pass, and of others fail', () => {
    expect(judge(known, 'a'.repeat(32))?.verdict).toBe('pass')
    expect(judge(known, 'b'.repeat(32))).toMatchObject({ verdict: 'fail', found: 'content bbbbbbbbbbbb' })
  })

  test.each([
    ['the manifest is older', manifest({ objects }), 'b', 'an older pg-runbook'],
    ['only rows were counted', manifest({ objects, level: 'counts' }), null, 'fingerprint: content'],
    ['they cannot be read', known, null, 'may not read'],
  ])('are mentioned where %s', (_, expected, hash, why) => {
    expect(judge(expected, hash)).toMatchObject({
      verdict: 'information',
      found: 'their content was not compared',
      note: expect.stringContaining(why),
    })
  })

  it('are not mentioned where there are none', () => {
    expect(exactChecks(SAMPLE, restored()).some(({ name }) => name === 'large objects')).toBe(false)
  })
})
