import { describe, expect, it } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

describe('Rails', () => {
  const versions = (...all: readonly string[]) =>
    table(
      'schema_migrations',
      all.map(version => ({ version })),
      { version: 'character varying(255)' },
    )

  it('reads migrations of engines, in folders and with leading zeros', () => {
    const files = {
      'db/migrate/001_first.rb': '',
      'db/migrate/2026/20260901090000_users.my_engine.rb': '',
      'db/migrate/README.rb': '',
    }

    expect(detect(files, [versions('1')]).pending).toEqual(['20260901090000_users.my_engine'])
    expect(detect(files, [versions('1', '20260901090000')]).state).toBe('none')
  })

  it('does not mind older versions that the project does not have', () => {
    const report = detect({ 'db/migrate/3_a.rb': '' }, [versions('2', '3')])

    expect(report.state).toBe('none')
    expect(report.why).toContain('not in the project: 2')
  })

  it('is unknown where the newest version has no file', () => {
    const report = detect({ 'db/migrate/1_a.rb': '' }, [versions('1', '2')])

    expect(report.state).toBe('unknown')
    expect(report.why).toContain('The newest applied migration is not in the project: 2.')
  })

  it('compares a table of the same shape under another name', () => {
    const second = { ...versions(), name: 'app_schema_migrations' }

    expect(detect({ 'db/migrate/1_a.rb': '' }, [versions('1'), second]).state).toBe('pending')
  })
})

describe('Rails with engines and packs', () => {
  const applied = (...all: readonly string[]) =>
    table(
      'schema_migrations',
      all.map(version => ({ version })),
      { version: 'character varying' },
    )
  const files = { 'db/migrate/1_a.rb': '', 'packs/billing/db/migrate/2_add_plans.rb': '' }

  it('cannot tell of a migration that lies there and has not run', () => {
    const report = detect(files, [applied('1')])

    expect(report).toMatchObject({ state: 'unknown' })
    expect(report.why).toContain('packs/billing/db/migrate/2_add_plans.rb lies outside db/migrate')
    expect(detect({ 'backend/db/migrate/1_a.rb': '' }, []).state).toBe('unknown')
  })

  it('has nothing to do where it ran in place, or was copied and ran', () => {
    expect(detect(files, [applied('1', '2')])).toMatchObject({
      state: 'none',
      why: expect.stringContaining('All 2'),
    })
    const copied = { ...files, 'db/migrate/3_add_plans.billing.rb': '' }
    expect(detect(copied, [applied('1', '3')]).state).toBe('none')
    expect(detect(copied, [applied('1')]).pending).toEqual(['3_add_plans.billing'])
  })

  it('leaves alone the application that an engine is tested with', () => {
    expect(detect({ ...files, 'packs/a/spec/dummy/db/migrate/9_x.rb': '' }, [applied('1', '2')]).state).toBe(
      'none',
    )
  })
})

describe('Rails with folders next to db/migrate', () => {
  const applied = (...all: readonly string[]) =>
    table(
      'schema_migrations',
      all.map(version => ({ version })),
      { version: 'character varying' },
    )
  // As Discourse, Mastodon and GitLab have it: migrations_paths << 'db/post_migrate'.
  const files = {
    'db/migrate/1_a.rb': '',
    'db/post_migrate/2_drop_b.rb': '',
    'db/post_migrate/4_drop_c.rb': '',
    'db/animals_migrate/3_dogs.rb': '',
  }

  const configured = {
    'config/database.yml': 'production:\n  animals:\n    migrations_paths: db/animals_migrate\n',
  }

  it('counts one of which something has run in this database', () => {
    expect(detect(files, [applied('1', '2')])).toMatchObject({ state: 'pending', pending: ['4_drop_c'] })
    expect(detect({ ...files, ...configured }, [applied('1', '2', '4')])).toMatchObject({
      state: 'none',
      why: expect.stringContaining('All 3'),
    })
  })

  it('is unknown where nothing of one has run, unless database.yml names it', () => {
    const report = detect(files, [applied('1')])

    expect(report.state).toBe('unknown')
    expect(report.why).toContain('Nothing in db/animals_migrate, db/post_migrate has run in this database')
    const { 'db/post_migrate/2_drop_b.rb': _, 'db/post_migrate/4_drop_c.rb': __, ...animals } = files
    expect(detect({ ...animals, ...configured }, [applied('1')]).state).toBe('none')
    expect(detect({ 'db/animals_migrate/3_dogs.rb': '' }, []).tool).toBeUndefined()
  })
})
