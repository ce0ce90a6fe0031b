import { describe, expect, it } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

describe('Flyway', () => {
  const row = (installed_rank: number, version: string | null, script: string, more = {}) => ({
    installed_rank: String(installed_rank),
    version,
    type: 'SQL',
    script,
    checksum: '1',
    success: 'true',
    ...more,
  })
  const files = (...names: readonly string[]) =>
    Object.fromEntries(names.map(name => [`src/main/resources/db/migration/${name}`, 'SELECT 1;']))
  const history = (...rows: ReadonlyArray<ReturnType<typeof row>>) => table('flyway_schema_history', rows)

  it('orders versions as numbers, and takes 1, 1.0 and 01 for the same', () => {
    expect(detect(files('V10__c.sql', 'V2_1__b.sql', 'V2__a.sql'), []).pending).toEqual([
      'V2__a.sql',
      'V2_1__b.sql',
      'V10__c.sql',
    ])
    expect(detect(files('V1.0__a.sql'), [history(row(1, '01', 'V01__a.sql'))]).state).toBe('none')
  })

  it.each(['V2.sql', 'V2__.sql', 'V2.1.sql', 'V2__b.sh', 'V2__b.py'])('knows %s', name => {
    expect(detect(files('V1__a.sql', name), [history(row(1, '1', 'V1__a.sql'))]).pending).toEqual([name])
  })

  it('cannot tell of scripts with a prefix of their own', () => {
    const report = detect(files('V1__a.sql', 'Mig2__b.sql', 'beforeMigrate__x.sql'), [
      history(row(1, '1', 'V1__a.sql')),
    ])

    expect(report).toMatchObject({ state: 'unknown' })
    expect(report.why).toContain('Mig2__b.sql looks like a migration with a prefix of its own')
  })

  it('has to run again what was undone or deleted', () => {
    const undone = history(row(1, '1', 'V1__a.sql'), row(2, '1', 'U1__a.sql', { type: 'UNDO_SQL' }))

    expect(detect(files('V1__a.sql', 'U1__a.sql'), [undone]).pending).toEqual(['V1__a.sql'])
  })

  it('is unknown where something has run that is in none of the folders', () => {
    const applied = history(
      row(1, '1', 'V1__a.sql'),
      row(2, '2', 'V2__data.sql'),
      row(3, '3', 'V3__c.sql'),
      row(4, null, 'R__data.sql'),
    )
    const report = detect(files('V1__a.sql', 'V3__c.sql'), [applied])

    expect(report.state).toBe('unknown')
    expect(report.why).toContain('V2__data.sql, R__data.sql was applied, but is not in the project')
  })

  it('does not miss what a baseline script has', () => {
    const squashed = history(row(1, '1', 'V1__a.sql'), row(2, '2', 'V2__b.sql'), row(3, '3', 'V3__c.sql'))
    expect(detect(files('B2__all.sql', 'V3__c.sql'), [squashed]).state).toBe('none')
  })

  it('is stopped by a failure', () => {
    const report = detect(files('V1__a.sql'), [history(row(1, '1', 'V1__a.sql', { success: 'false' }))])

    expect(report.state).toBe('unknown')
    expect(report.why).toMatch(/V1__a.sql failed before.*flyway repair/)
  })

  it('starts an empty database with the newest baseline', () => {
    const all = files('V1__a.sql', 'V2__b.sql', 'V3__c.sql', 'B2__all.sql')

    expect(detect(all, []).pending).toEqual(['B2__all.sql', 'V3__c.sql'])
    const started = history(row(1, '2', 'B2__all.sql', { type: 'SQL_BASELINE' }))
    expect(detect(all, [started]).pending).toEqual(['V3__c.sql'])
    const schema = history(row(0, null, '"app"', { type: 'SCHEMA' }))
    expect(detect(files('B2__all.sql'), [schema]).pending).toEqual(['B2__all.sql'])
  })

  it('is unknown where a repeatable script with placeholders may have changed', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Flyway's placeholder
    const changed = { 'sql/R__grants.sql': 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role};' }

    expect(detect(changed, [history(row(1, null, 'R__grants.sql'))]).why).toContain('placeholders')
    expect(detect(changed, []).pending).toEqual(['R__grants.sql'])
  })

  it('counts what is written in Java', () => {
    const java = { 'src/main/java/db/migration/V1__A.java': 'class V1__A {}' }

    expect(
      detect(java, [history(row(1, '1', 'db.migration.V1__A', { type: 'JDBC', checksum: null }))]).state,
    ).toBe('none')
    expect(detect(java, []).pending).toEqual(['V1__A.java'])
    const repeatable = { ...java, 'src/main/java/db/migration/R__Views.java': 'class R__Views {}' }
    const ran = [
      ['1', 'V1__A'],
      [null, 'R__Views'],
    ].map(([version, name], i) =>
      row(i + 1, version ?? null, `db.migration.${name}`, { type: 'JDBC', checksum: null }),
    )
    expect(detect(repeatable, [history(...ran)]).state).toBe('none')
  })

  it('is unknown where the newest script is not in the project', () => {
    const later = history(row(1, '1', 'V1__a.sql'), row(2, '2', 'V2__b.sql'))

    expect(detect(files('V1__a.sql'), [later]).state).toBe('unknown')
  })

  it('counts another folder of which something has run, and is unknown of others', () => {
    const other = { ...files('V1__a.sql'), 'services/b/V2__b.sql': '', 'services/b/V3__c.sql': '' }
    const ran = history(row(1, '1', 'V1__a.sql'), row(2, '2', 'V2__b.sql'))

    expect(detect(other, [ran])).toMatchObject({ state: 'pending', pending: ['V3__c.sql'] })
    const report = detect(other, [history(row(1, '1', 'V1__a.sql'))])
    expect(report.state).toBe('unknown')
    expect(report.why).toContain('Scripts of Flyway are also in services/b')
  })
})
