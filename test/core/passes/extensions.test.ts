import { describe, expect, it } from 'vitest'
import type { ArchiveEntry } from '../../../src/core/backup/archive-toc.ts'
import { entriesThatGoWith, entriesThatNeed, rowsOfExtensions } from '../../../src/core/passes/extensions.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'

const postgis = archiveEntry(1, 'EXTENSION', 'postgis')
const ids = (entries: readonly ArchiveEntry[]) => entries.map(({ id }) => id)

describe('what an archive has of an extension', () => {
  const entries = [
    postgis,
    archiveEntry(2, 'COMMENT', 'EXTENSION postgis', { dependsOn: ['1'] }),
    archiveEntry(3, 'ACL', 'FUNCTION st_area()', { dependsOn: ['9', '1'] }),
    archiveEntry(4, 'SECURITY LABEL', 'EXTENSION postgis', { dependsOn: ['1'] }),
    archiveEntry(5, 'TABLE', 'places', { dependsOn: ['1'] }),
    archiveEntry(6, 'COMMENT', 'TABLE places', { dependsOn: ['5'] }),
    archiveEntry(7, 'INDEX', 'places_geom', { dependsOn: ['11'] }),
  ]

  it('needs it, apart from comments, grants and labels', () => {
    expect(ids(entriesThatNeed(postgis, entries))).toEqual(['5'])
  })

  it('goes with it: comments, grants and labels', () => {
    expect(ids(entriesThatGoWith(postgis, entries))).toEqual(['2', '3', '4'])
  })

  it('is nothing where nothing depends on it', () => {
    const other = archiveEntry(99, 'EXTENSION', 'citext')
    expect([...entriesThatNeed(other, entries), ...entriesThatGoWith(other, entries)]).toEqual([])
  })
})

describe('rows of tables that an extension makes', () => {
  const own = archiveEntry(2, 'TABLE', 'users', { schema: 'public' })
  const rows = archiveEntry(3, 'TABLE DATA', 'users', { schema: 'public' })
  const configured = archiveEntry(4, 'TABLE DATA', 'spatial_ref_sys', { schema: 'public' })

  it('are those of which the archive has no table', () => {
    expect(rowsOfExtensions([postgis, own, rows, configured])).toEqual([configured])
  })

  it('are also values of sequences', () => {
    const value = archiveEntry(5, 'SEQUENCE SET', 'job_id', { schema: 'cron' })
    const known = archiveEntry(6, 'SEQUENCE', 'job_id', { schema: 'public' })
    expect(rowsOfExtensions([postgis, known, value])).toEqual([value])
  })

  it('are none where the archive has no extension: then rows alone are restored', () => {
    expect(rowsOfExtensions([rows, configured])).toEqual([])
  })

  it('are told apart by schema and name, whatever dots they have', () => {
    const table = archiveEntry(2, 'TABLE', 'c', { schema: 'a.b' })
    const data = archiveEntry(3, 'TABLE DATA', 'b.c', { schema: 'a' })
    expect(rowsOfExtensions([postgis, table, data])).toEqual([data])
  })
})
