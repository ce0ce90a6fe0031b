import { describe, expect, it, test } from 'vitest'
import { chooseEntries, parseArchiveList, renderUseList } from '../../../src/core/backup/archive-toc.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { previousName, restoredName } from '../../../src/core/restore/database-names.ts'
import { estimateRestore, renderEstimate } from '../../../src/core/restore/estimate.ts'
import { parseSessionSetting, withRestoreSettings } from '../../../src/core/restore/session-settings.ts'
import { renderAgo, renderNotice } from '../../../src/core/restore/user-notice.ts'

const INSTANT = new Date('2026-11-23T03:15:07.900Z')

describe('names of databases', () => {
  test.each([
    ['logi', 'logi_restored_20261123t031507z', 'logi_before_20261123t031507z'],
    // A restored database that is replaced in turn does not collect suffixes.
    ['logi_restored_20250101t000000z', 'logi_restored_20261123t031507z', 'logi_before_20261123t031507z'],
  ])('of %s', (database, restored, previous) => {
    expect(restoredName(database, INSTANT)).toBe(restored)
    expect(previousName(database, INSTANT)).toBe(previous)
  })

  it('fit into 63 bytes, whole characters and the whole suffix', () => {
    const name = restoredName('데이터베이스'.repeat(5), INSTANT)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
    expect(name).toMatch(/^데이터.*_restored_20261123t031507z$/)
    expect(name).not.toContain('\ufffd')
  })
})

describe('session settings', () => {
  test.each([
    ['logi.allow_audit_purge=yes', 'logi.allow_audit_purge', 'yes'],
    ['search_path = a, b', 'search_path', 'a, b'],
    ['app.note=a=b', 'app.note', 'a=b'],
    ['app.empty=', 'app.empty', ''],
  ])('%s', (line, name, value) => expect(parseSessionSetting(line)).toEqual({ name, value }))

  test.each(['yes', '=x', '-c x=1', 'a b=1', '1a=2', 'a..b=1'])('refuses %s', line =>
    expect(() => parseSessionSetting(line)).toThrow(RangeError),
  )

  it('reach every session by PGOPTIONS, after those that a restore needs and those of the URL', () => {
    const connection = parseConnectionUrl('postgresql://u:p@h/d?options=-c%20work_mem%3D1MB')
    const { options = '' } = withRestoreSettings(connection, [
      { name: 'app.note', value: 'a b\\c' },
      { name: 'statement_timeout', value: '1h' },
    ])
    expect(options).toMatch(/^-c work_mem=1MB -c statement_timeout=0 /)
    expect(options).toMatch(/ -c app\.note=a\\ b\\\\c -c statement_timeout=1h$/)
  })
})

describe('the list of an archive', () => {
  const LIST = `;
; Archive created at 2026-11-23 03:15:07 UTC
;
2; 3079 16385 EXTENSION - citext 
3500; 0 0 COMMENT - EXTENSION citext 
5; 2615 16500 SCHEMA - audit owner
215; 1259 16390 TABLE public users owner
3490; 0 16390 TABLE DATA public users owner
3491; 0 16395 TABLE DATA public odd name owner
3340; 2606 16400 FK CONSTRAINT public links links_user_id_fkey owner
3400; 3466 16420 EVENT TRIGGER - guard owner
3401; 6104 16421 PUBLICATION - p owner
3402; 6100 16422 SUBSCRIPTION - s owner
3403; 0 0 COMMENT - EXTENSION "uuid-ossp" owner
3404; 0 0 COMMENT - PUBLICATION p owner
3405; 0 0 COMMENT - SCHEMA audit owner
`
  const ALL = {
    isSuperuser: true,
    foreignExtensions: [],
    keptSchemas: [],
    madeSchemas: [],
    schemas: new Map([['5', 'audit']]),
    keptRows: new Set<string>(),
    publications: new Map(),
    foreignPublications: [],
    dataOnlyOf: undefined,
    part: undefined,
    rowsOnly: false,
  }
  const entries = parseArchiveList(LIST)
  const choose = (choice: Partial<Parameters<typeof chooseEntries>[1]>) => {
    const { kept, leftOut } = chooseEntries(entries, { ...ALL, ...choice })
    return { kept: kept.map(({ id }) => Number(id)), leftOut: leftOut.map(({ id }) => Number(id)) }
  }

  it('is read without its comments', () => {
    expect(entries).toHaveLength(13)
    expect(entries[4]).toEqual({ id: '3490', kind: 'TABLE DATA', title: 'TABLE DATA public users owner' })
  })

  it('leaves nothing out for a superuser but subscriptions', () => {
    expect(choose({}).leftOut).toEqual([3402])
  })

  it('leaves out for others what only a superuser may, and comments on what is not theirs', () => {
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
    const list = parseArchiveList('5; 2615 16500 SCHEMA - ext owner\n6; 2615 16501 SCHEMA - ext two owner\n')
    const schemas = new Map([
      ['5', 'ext'],
      ['6', 'ext two'],
    ])
    const { kept } = chooseEntries(list, { ...ALL, schemas, keptSchemas: ['ext'] })
    expect(kept.map(({ id }) => id)).toEqual(['6'])
  })

  it('leaves out, and names, rows of extensions that stay with theirs', () => {
    expect(choose({ keptRows: new Set(['3490']) }).leftOut).toEqual([3490, 3402])
  })

  it('leaves out publications that only a superuser can make, and those of others that are there', () => {
    const publications = new Map([['3401', { publication: 'p', isForSuperuser: true }]])
    const owner = { isSuperuser: false, publications }
    expect(choose(owner).leftOut).toEqual([3400, 3401, 3402, 3404])
    expect(choose({ publications }).leftOut).toEqual([3402])
    const harmless = new Map([['3401', { publication: 'p', isForSuperuser: false }]])
    expect(choose({ ...owner, publications: harmless }).leftOut).toEqual([3400, 3402])
    expect(choose({ ...owner, publications: harmless, foreignPublications: ['p'] }).leftOut).toEqual([
      3400, 3401, 3402, 3404,
    ])
  })

  it('takes the rows of some tables without references, the structure with them, or rows alone', () => {
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
    expect(renderUseList(entries.slice(3, 4))).toBe('215; 0 0 TABLE public users owner\n')
  })
})

describe('the notice to users', () => {
  const facts = {
    database: 'logi',
    isPart: false,
    snapshotAt: new Date('2026-11-23T03:15:59Z'),
    now: INSTANT,
  }

  it('names the window to the minute, outwards', () => {
    const notice = renderNotice({ ...facts, replacedAt: new Date('2026-11-23T09:20:01Z') })
    expect(notice).toContain('was rolled back to its state of 2026-11-23 03:15 UTC (7 hours earlier)')
    expect(notice).toContain('between 2026-11-23 03:15 UTC and 2026-11-23 09:21 UTC may be lost')
  })

  it('says of which part it speaks', () => {
    const notice = renderNotice({ ...facts, isPart: true, replacedAt: INSTANT })
    expect(notice).toContain('Some data of the database <code>logi</code> was rolled back')
  })

  it('speaks of the future while nobody sees the restored data', () => {
    const notice = renderNotice({ ...facts, replacedAt: null, now: new Date('2026-11-23T03:17:00Z') })
    expect(notice).toContain('will be rolled back')
    expect(notice).toContain('(at least 2 minutes earlier)')
    expect(notice).toContain('between 2026-11-23 03:15 UTC and the switch to it may be lost')
  })

  test.each([
    [0, '1 minute'],
    [89 * 60_000, '89 minutes'],
    [90 * 60_000, '2 hours'],
    [47 * 3_600_000, '47 hours'],
    [50 * 3_600_000, '3 days'],
  ])('%d ms ago is %s', (ms, text) => expect(renderAgo(ms)).toBe(text))
})

describe('the estimate', () => {
  const drill = (bytes: number, restoreMs: number | null) => ({
    backup: { id: '', bucket: '', key: '', versionId: null, sha256: '', bytes, snapshotAt: '' },
    durations: { downloadMs: 0, restoreMs, checksMs: null, totalMs: 0 },
  })

  it('takes the median pace of the drills that restored something', () => {
    const drills = [drill(100, 100), drill(100, 900), drill(100, 300), drill(100, null), drill(0, 5)]
    expect(estimateRestore(1000, drills)).toEqual({
      durationMs: 3000,
      checksMs: undefined,
      safetyBackupMs: undefined,
      drills: 3,
    })
  })

  it('is none without drills, and says so', () => {
    expect(estimateRestore(1000, [drill(100, null)])).toBeUndefined()
    expect(renderEstimate(undefined)).toContain('no drill')
  })
})
