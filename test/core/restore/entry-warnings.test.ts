import { describe, expect, it } from 'vitest'
import type { ArchiveEntry } from '../../../src/core/backup/archive-toc.ts'
import { definerWarnings, leftOutWarnings } from '../../../src/core/restore/entry-warnings.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'

const definer = (owner: string) =>
  archiveEntry(1, 'FUNCTION', 'f()', {
    schema: 'public',
    owner,
    definition: 'CREATE FUNCTION public.f() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$SELECT 1$$;',
  })
const kept = (...entries: readonly ArchiveEntry[]) => definerWarnings({ kept: entries, leftOut: [] }, 'app')
const leftOut = (...entries: readonly ArchiveEntry[]) => leftOutWarnings({ kept: [], leftOut: entries })

describe('code that runs with the rights of another role', () => {
  it('is named with what becomes of it', () => {
    expect(kept(definer('boss'))).toEqual([
      'SECURITY DEFINER code of other roles: FUNCTION public f() boss. It gets its owner back where that role exists and app may give it; otherwise only app may run it, and PUBLIC loses EXECUTE.',
    ])
  })

  it('is none of the role that restores, and none in an empty archive', () => {
    expect(kept(definer('app'))).toEqual([])
    expect(kept()).toEqual([])
  })
})

describe('entries that are left out', () => {
  it('are no warning where there are none', () => {
    expect(leftOut()).toEqual([])
  })

  it('are named ten at most, comments last', () => {
    const comments = Array.from({ length: 10 }, (_, i) => archiveEntry(i, 'COMMENT', `c${i}`))
    const [warning = ''] = leftOut(...comments, archiveEntry(99, 'EXTENSION', 'citext'))
    expect(warning).toMatch(/: EXTENSION - citext owner, COMMENT - c0 owner, .* and 1 more\.$/)
  })
})
