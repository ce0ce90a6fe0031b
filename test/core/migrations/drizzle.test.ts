import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

describe('Drizzle', () => {
  const journal = (...entries: ReadonlyArray<readonly [string, number]>): Record<string, string> => ({
    'drizzle/meta/_journal.json': JSON.stringify({ entries: entries.map(([tag, when]) => ({ tag, when })) }),
    ...Object.fromEntries(entries.map(([tag]) => [`drizzle/${tag}.sql`, `-- ${tag}`])),
  })
  const applied = (...times: readonly number[]) =>
    table(
      'drizzle.__drizzle_migrations',
      times.map(time => ({ hash: `of ${time}`, created_at: String(time) })),
    )

  it('names one that was merged behind a newer one, which never runs', () => {
    const report = detect(journal(['0000_a', 100], ['0001_late', 150], ['0002_b', 200]), [applied(100, 200)])

    expect(report).toMatchObject({ state: 'pending', pending: ['0001_late'] })
    expect(report.why).toContain('never runs it: 0001_late')
  })

  it('is unknown where the journal names a missing file', () => {
    const { 'drizzle/0000_a.sql': _, ...files } = journal(['0000_a', 100])

    expect(detect(files, [applied(100)])).toMatchObject({ state: 'unknown' })
  })

  it('runs a file again whose time is newer, and takes a known hash for applied', () => {
    // SHA-256 of the text of the file.
    const hash = createHash('sha256').update('-- 0000_a').digest('hex')
    const row = table('drizzle.__drizzle_migrations', [{ hash, created_at: '100' }])

    expect(detect(journal(['0000_a', 200]), [row]).pending).toEqual(['0000_a'])
    expect(detect(journal(['0000_a', 90]), [row]).state).toBe('none')
  })

  it('finds an empty journal to be nothing to do', () => {
    expect(detect(journal(), [])).toMatchObject({ tool: 'Drizzle', state: 'none' })
  })

  const folder = (...tags: readonly string[]): Record<string, string> =>
    Object.fromEntries(
      tags.flatMap(tag => [
        [`drizzle/${tag}/migration.sql`, `-- ${tag}`],
        [`drizzle/${tag}/snapshot.json`, '{}'],
      ]),
    )
  const named = (...names: readonly string[]) =>
    table(
      'drizzle.__drizzle_migrations',
      names.map((name, i) => ({ id: String(i + 1), hash: `of ${name}`, created_at: '1', name })),
    )

  it('compares the folders of version 1 by name', () => {
    const files = folder('20260101120000_a', '20260201120000_b')

    expect(detect(files, [named('20260101120000_a')]).pending).toEqual(['20260201120000_b'])
    expect(detect(files, [named('20260101120000_a', '20260201120000_b')]).state).toBe('none')
  })

  it('compares the folders of version 1 by time in a table without names', () => {
    // 2026-01-01T12:00:00.345Z
    expect(detect(folder('20260101120000_a'), [applied(1767268800345)]).state).toBe('none')
  })

  it('compares both layouts together', () => {
    const files = { ...journal(['0000_a', 100]), ...folder('20260201120000_b') }

    expect(detect(files, [applied(100)])).toMatchObject({ state: 'pending', pending: ['20260201120000_b'] })
  })

  it('is unknown where the newest row is in no journal', () => {
    expect(detect(journal(['0000_a', 100]), [applied(100, 200)]).state).toBe('unknown')
  })
})
