import { describe, expect, it } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

describe('golang-migrate', () => {
  const at = (version: string, dirty: string) =>
    table('schema_migrations', [{ version, dirty }], { version: 'bigint', dirty: 'boolean' })
  const files = { 'migrations/9_a.up.sql': '', 'migrations/10_b.up.sql': '', 'migrations/10_b.down.sql': '' }

  it('orders by number, and knows what comes after the version', () => {
    expect(detect(files, []).pending).toEqual(['9_a', '10_b'])
    expect(detect(files, [at('9', 'false')])).toMatchObject({ state: 'pending', pending: ['10_b'] })
  })

  it('cannot tell from a version that the project does not have', () => {
    const report = detect(files, [at('11', 'false')])

    expect(report.state).toBe('unknown')
    expect(report.why).toContain('version 11, which is not in the project')
  })

  it('cannot tell while the database is dirty', () => {
    expect(detect(files, [at('9', 'true')])).toMatchObject({ state: 'unknown', pending: ['10_b'] })
  })

  it('takes an empty table for an empty database', () => {
    const empty = table('schema_migrations', [], { version: 'bigint', dirty: 'boolean' })

    expect(detect(files, [empty]).pending).toHaveLength(2)
  })
})
