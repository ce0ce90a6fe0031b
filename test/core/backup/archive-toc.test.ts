import { describe, expect, it } from 'vitest'
import { chooseEntries, type EntryChoice, renderUseList } from '../../../src/core/backup/archive-toc.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'

describe('the list of an archive', () => {
  const entries = [
    archiveEntry(2, 'EXTENSION', 'citext'),
    archiveEntry(3500, 'COMMENT', 'EXTENSION citext'),
    archiveEntry(5, 'SCHEMA', 'audit'),
    archiveEntry(215, 'TABLE', 'users', { schema: 'public' }),
    archiveEntry(3490, 'TABLE DATA', 'users', { schema: 'public' }),
    archiveEntry(3491, 'TABLE DATA', 'odd name', { schema: 'public' }),
    archiveEntry(3340, 'FK CONSTRAINT', 'links links_user_id_fkey', { schema: 'public' }),
    archiveEntry(3400, 'EVENT TRIGGER', 'guard'),
    archiveEntry(3401, 'PUBLICATION', 'p', {
      definition: "CREATE PUBLICATION p WITH (publish = 'insert');\n",
    }),
    archiveEntry(3402, 'SUBSCRIPTION', 's'),
    archiveEntry(3403, 'COMMENT', 'EXTENSION "uuid-ossp"'),
    archiveEntry(3404, 'COMMENT', 'PUBLICATION p'),
    archiveEntry(3405, 'COMMENT', 'SCHEMA audit'),
  ]
  const forAll = entries.map(entry =>
    entry.id === '3401' ? { ...entry, definition: 'CREATE PUBLICATION p FOR ALL TABLES;\n' } : entry,
  )
  const ALL = {
    isSuperuser: true,
    foreignExtensions: [],
    keptSchemas: [],
    madeSchemas: [],
    keptRows: new Set<string>(),
    foreignPublications: [],
    dataOnlyOf: undefined,
    part: undefined,
    rowsOnly: false,
  }
  const choose = (choice: Partial<EntryChoice>, among = entries) => {
    const { kept, leftOut } = chooseEntries(among, { ...ALL, ...choice })
    return { kept: kept.map(({ id }) => Number(id)), leftOut: leftOut.map(({ id }) => Number(id)) }
  }

  it('leaves nothing out for a superuser but subscriptions', () => {
    expect(choose({}).leftOut).toEqual([3402])
  })

  it('leaves out what only a superuser may do and comments on what belongs to others', () => {
    expect(choose({ isSuperuser: false, foreignExtensions: ['citext'] }).leftOut).toEqual([3500, 3400, 3402])
    expect(choose({ isSuperuser: false, foreignExtensions: ['cit'] }).leftOut).toEqual([3400, 3402])
  })

  it('finds the comment on an extension whose name needs quotes', () => {
    expect(choose({ foreignExtensions: ['uuid-ossp'] }).leftOut).toEqual([3402, 3403])
  })

  it('does not make a schema that stays, nor its comment', () => {
    expect(choose({ keptSchemas: ['audit'] }).kept).not.toContain(5)
    expect(choose({ keptSchemas: ['audit'] }).kept).not.toContain(3405)
  })

  it('does not make a schema that was made before, but comments on it', () => {
    const { kept, leftOut } = choose({ madeSchemas: ['public', 'audit'] })
    expect(kept).not.toContain(5)
    expect(kept).toContain(3405)
    expect(leftOut).toEqual([3402])
  })

  it('tells a schema that stays from one whose name begins like it', () => {
    const list = [archiveEntry(5, 'SCHEMA', 'ext'), archiveEntry(6, 'SCHEMA', 'ext two')]
    const { kept } = chooseEntries(list, { ...ALL, keptSchemas: ['ext'] })
    expect(kept.map(({ id }) => id)).toEqual(['6'])
  })

  it('leaves out, and names, rows of extensions that stay with theirs', () => {
    expect(choose({ keptRows: new Set(['3490']) }).leftOut).toEqual([3490, 3402])
  })

  it('leaves out publications that need a superuser and those that others own', () => {
    const owner = { isSuperuser: false }
    expect(choose(owner, forAll).leftOut).toEqual([3400, 3401, 3402, 3404])
    expect(choose({}, forAll).leftOut).toEqual([3402])
    expect(choose(owner).leftOut).toEqual([3400, 3402])
    expect(choose({ ...owner, foreignPublications: ['p'] }).leftOut).toEqual([3400, 3401, 3402, 3404])
  })

  it('keeps the rows of chosen tables without references, with or without structure', () => {
    expect(choose({ dataOnlyOf: new Set(['3490']) }).kept).toEqual([
      2, 3500, 5, 215, 3490, 3400, 3401, 3403, 3404, 3405,
    ])
    expect(choose({ dataOnlyOf: new Set() }).kept).toEqual([
      2, 3500, 5, 215, 3340, 3400, 3401, 3403, 3404, 3405,
    ])
    expect(choose({ dataOnlyOf: new Set(['3491']), rowsOnly: true }).kept).toEqual([3491])
    expect(choose({ dataOnlyOf: new Set(['3491', '3490']), rowsOnly: true }).kept).toEqual([3491, 3490])
  })

  it('is written so that pg_restore finds the entries again', () => {
    expect(renderUseList(entries.slice(3, 4))).toBe('215;\n')
  })
})
