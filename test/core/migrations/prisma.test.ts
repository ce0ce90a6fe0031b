import { describe, expect, it } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

describe('Prisma', () => {
  const rows = (...all: ReadonlyArray<readonly [string, boolean, boolean]>) =>
    table(
      '_prisma_migrations',
      all.map(([migration_name, finished, rolledBack]) => ({
        migration_name,
        finished_at: finished ? 'x' : null,
        rolled_back_at: rolledBack ? 'x' : null,
      })),
    )
  const files = { 'prisma/migrations/1_a/migration.sql': '' }

  it('is stopped by a failure that the project does not have', () => {
    const report = detect(files, [rows(['1_a', true, false], ['2_b', false, false])])

    expect(report.state).toBe('unknown')
    expect(report.why).toMatch(/2_b failed.*migrate resolve/)
  })

  it('does not take for applied what failed on another try', () => {
    const report = detect(files, [rows(['1_a', true, false], ['1_a', false, false])])

    expect(report).toMatchObject({ state: 'pending', pending: ['1_a'] })
  })

  it('forgets what was rolled back', () => {
    expect(detect(files, [rows(['1_a', false, true], ['1_a', true, false])]).state).toBe('none')
    expect(detect(files, [rows(['1_a', true, true])]).pending).toEqual(['1_a'])
  })

  const at = (...all: ReadonlyArray<readonly [name: string, at: string]>) =>
    table(
      '_prisma_migrations',
      all.map(([migration_name, finished_at]) => ({ migration_name, finished_at, rolled_back_at: null })),
    )

  it('is unknown where the row finished last has no folder', () => {
    const report = detect(files, [at(['1_a', '2026-05-01'], ['2_b', '2026-05-02'])])

    expect(report.state).toBe('unknown')
    expect(report.why).toContain('The newest applied migration is not in the project: 2_b.')
  })

  it('accepts a squash, which sorts first and was recorded last', () => {
    const squash = { 'prisma/migrations/0_squashed/migration.sql': '' }

    expect(detect(squash, [at(['1_a', '2026-05-01'], ['0_squashed', '2026-05-02'])]).state).toBe('none')
  })

  it('finds a second folder anywhere', () => {
    const living = { ...files, 'packages/db/prisma/migrations/2_b/migration.sql': '' }

    expect(detect(living, [at(['1_a', '2026-05-01'])])).toMatchObject({ state: 'unknown', pending: ['2_b'] })
  })
})
