import { describe, expect, it } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

describe('Alembic', () => {
  const revision = (id: string, down: string, more = '') => ({
    [`alembic/versions/${id}_x.py`]: `revision = '${id}'\ndown_revision: Union[str, None] = ${down}\n${more}`,
  })
  const at = (...heads: readonly string[]) =>
    table(
      'alembic_version',
      heads.map(version_num => ({ version_num })),
      { version_num: 'character varying(32)' },
    )
  const branches = {
    ...revision('c', "'a'"),
    ...revision('b', '"a"'),
    ...revision('a', 'None'),
  }

  it('lists parents before children, whatever the names say', () => {
    const files = { ...revision('a', "'z'"), ...revision('z', 'None') }

    expect(detect(files, []).pending).toEqual(['z_x', 'a_x'])
  })

  it('follows several heads, in the project and in the database', () => {
    const report = detect(branches, [at('b')])

    expect(report).toMatchObject({ state: 'pending', pending: ['c_x'] })
    expect(report.why).toContain('2 heads')
    expect(detect(branches, [at('b', 'c')]).state).toBe('none')
  })

  it('follows merges written over several lines, and depends_on', () => {
    const merged = { ...branches, ...revision('m', '(\n    "b",\n    "c",\n)') }
    expect(detect(merged, [at('m')])).toMatchObject({ state: 'none' })

    const dependent = { ...revision('a', 'None'), ...revision('o', 'None', "depends_on = 'a'") }
    expect(detect(dependent, [at('o')])).toMatchObject({ state: 'none' })
  })

  it('is unknown at a revision that is missing, or below one', () => {
    expect(detect(branches, [at('f')]).why).toContain('The database is at f, which is not in the project')
    const hole = detect(revision('b', "'gone'"), [at('b')])
    expect(hole).toMatchObject({ state: 'unknown' })
    expect(hole.why).toContain('build on gone')
  })

  it('is unknown where the revision of a file cannot be read', () => {
    const files = {
      ...branches,
      'alembic/versions/new.py': 'revision = make_id()',
      'alembic/versions/__init__.py': '',
    }
    const report = detect(files, [at('b', 'c')])

    expect(report).toMatchObject({ state: 'unknown' })
    expect(report.why).toContain('new.py names no revision')
  })

  it('does not take a comment for a parent', () => {
    const files = { ...revision('a', 'None'), ...revision('b', "'a'  # was 'c'"), ...revision('c', "'a'") }

    expect(detect(files, [at('b')]).pending).toEqual(['c_x'])
  })

  it('ends where revisions go in a circle', () => {
    const circle = { ...revision('a', "'b'"), ...revision('b', "'a'") }

    expect(detect(circle, []).pending).toHaveLength(2)
  })

  const core = { ...revision('a', 'None'), ...revision('b', "'a'") }
  const second = {
    'enterprise/migrations/versions/x_1.py': "revision = 'x'\ndown_revision = None\n",
    'enterprise/migrations/versions/y_2.py': "revision = 'y'\ndown_revision = 'x'\n",
  }
  const secondAt = (...heads: readonly string[]) => ({ ...at(...heads), name: 'alembic_version_ee' })

  it('compares a second line with its own table, under any name', () => {
    const files = { ...core, ...second }

    expect(detect(files, [at('b'), secondAt('x')])).toMatchObject({ state: 'pending', pending: ['y_2'] })
    expect(detect(files, [at('b'), secondAt('y')]).state).toBe('none')
  })

  it('is unknown where a second line never ran', () => {
    const report = detect({ ...core, ...second }, [at('b')])

    expect(report).toMatchObject({ state: 'unknown', pending: ['x_1', 'y_2'] })
  })

  it('is unknown where version_locations names a folder without revisions', () => {
    const ini = '[alembic]\nversion_locations = %(here)s/alembic/versions %(here)s/plugins/steps\n'
    const report = detect({ ...core, 'alembic.ini': ini }, [at('b')])

    expect(report.state).toBe('unknown')
    expect(report.why).toContain('version_locations names plugins/steps')
    const known = ini.replace(' %(here)s/plugins/steps', '')
    expect(detect({ ...core, 'alembic.ini': known }, [at('b')]).state).toBe('none')
  })
})
