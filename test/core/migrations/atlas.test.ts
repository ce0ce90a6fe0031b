import { describe, expect, it } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

describe('Atlas', () => {
  const folder = (...names: readonly string[]) => ({
    ...Object.fromEntries(names.map(name => [`migrations/${name}`, ''])),
    'migrations/atlas.sum': `h1:all=\n${names.map(name => `${name} h1:x=`).join('\n')}\n`,
  })
  const rows = (...all: ReadonlyArray<Readonly<Record<string, string>>>) =>
    table(
      'atlas_schema_revisions.atlas_schema_revisions',
      all.map(row => ({ type: '2', applied: '1', total: '1', ...row })),
    )

  it('goes on in the middle of what was applied in part', () => {
    const report = detect(folder('1_a.sql', '2_b.sql'), [
      rows({ version: '1' }, { version: '2', applied: '1', total: '3' }),
    ])

    expect(report).toMatchObject({ state: 'pending', pending: ['2_b'] })
    expect(report.why).toContain('2 was applied only in part')
  })

  it('starts an empty database at the last checkpoint, and never runs one later', () => {
    const files = {
      ...folder('1_a.sql', '2_all.sql', '3_b.sql'),
      'migrations/2_all.sql': '-- atlas:checkpoint\n',
    }

    expect(detect(files, []).pending).toEqual(['2_all', '3_b'])
    expect(detect(files, [rows({ version: '1' })]).pending).toEqual(['3_b'])
  })

  it('takes what lies below the baseline for applied', () => {
    const baseline = rows({ version: '2', type: '1', applied: '0', total: '0' })

    expect(detect(folder('1_a.sql', '2_b.sql', '3_c.sql'), [baseline]).pending).toEqual(['3_c'])
  })

  it('refuses a folder that atlas.sum does not describe', () => {
    const report = detect({ ...folder('1_a.sql'), 'migrations/2_b.sql': '' }, [rows({ version: '1' })])

    expect(report.state).toBe('unknown')
    expect(report.why).toContain('differ in 2_b.sql')
  })

  it('leaves its own identifiers alone, and files of golang-migrate', () => {
    expect(
      detect(folder('1_a.sql'), [rows({ version: '1' }, { version: '.atlas_cloud_identifier', total: '9' })])
        .state,
    ).toBe('none')
    expect(detect(folder('1_a.up.sql', '1_a.down.sql'), []).tool).toBe('golang-migrate')
  })
})
