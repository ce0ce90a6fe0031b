import { describe, expect, it } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

const RAILS = { 'db/migrate/20260901090000_create_users.rb': '' }
const PRISMA = { 'prisma/migrations/20260901090000_init/migration.sql': '' }
const railsTable = (...versions: readonly string[]) =>
  table(
    'schema_migrations',
    versions.map(version => ({ version })),
    { version: 'character varying' },
  )
const prismaTable = (finished: boolean) =>
  table('_prisma_migrations', [
    {
      migration_name: '20260901090000_init',
      finished_at: finished ? '2026-09-01' : null,
      rolled_back_at: null,
    },
  ])

describe('what is detected', () => {
  it('is unknown where nothing shows a tool, and says which are known', () => {
    const report = detect({}, [])

    expect(report).toMatchObject({ tool: undefined, state: 'unknown', pending: [] })
    expect(report.why).toMatch(/\/project.*database logi.*Rails, Prisma.*Atlas.*Check out the project/)
  })

  it('names what was compared', () => {
    expect(detect(RAILS, [railsTable('20260901090000')])).toEqual({
      tool: 'Rails',
      source: 'db/migrate and table public.schema_migrations',
      pending: [],
      state: 'none',
      why: 'The one migration in db/migrate is in public.schema_migrations.',
    })
  })

  it('compares every tool that left a trace: anything pending counts', () => {
    const report = detect({ ...RAILS, ...PRISMA }, [railsTable('20260901090000')])

    expect(report).toMatchObject({
      tool: 'Rails and Prisma',
      state: 'pending',
      pending: ['Prisma: 20260901090000_init'],
    })
    expect(report.why).toContain('Rails: The one migration')
    expect(report.why).toContain('Prisma: database logi has no table _prisma_migrations')
  })

  it('is unknown where one of two tools cannot be judged', () => {
    const report = detect(PRISMA, [prismaTable(true), railsTable('1')])

    expect(report).toMatchObject({ tool: 'Rails and Prisma', state: 'unknown', pending: [] })
  })

  it('is none where both tools have nothing to do', () => {
    const report = detect({ ...RAILS, ...PRISMA }, [railsTable('20260901090000'), prismaTable(true)])

    expect(report).toMatchObject({ state: 'none', pending: [] })
  })

  it('compares with every schema that has the table', () => {
    const tenant = { ...railsTable(), schema: 'tenant_2' }
    const report = detect(RAILS, [railsTable('20260901090000'), tenant])

    expect(report).toMatchObject({
      tool: 'Rails',
      state: 'pending',
      pending: ['20260901090000_create_users'],
    })
    expect(report.source).toContain('tenant_2.schema_migrations')
  })

  it('is never none where something could not be read', () => {
    const report = detect(RAILS, [railsTable('20260901090000')], ['big.rb (5.00 MiB) was not read'])

    expect(report.state).toBe('unknown')
    expect(report.why).toContain('big.rb (5.00 MiB) was not read')
  })

  it('is never none with a known table of another shape', () => {
    const strange = table('schema_migrations', [], { id: 'bigint', checksum: 'text' })
    const report = detect(PRISMA, [prismaTable(true), strange])

    expect(report).toMatchObject({ tool: 'Prisma', state: 'unknown' })
    expect(report.why).toMatch(
      /public.schema_migrations looks like a table of a migration tool .* Set migrations to a command/,
    )
  })

  it('counts equal findings of many schemas, and says what is wrong first', () => {
    const tenants = Array.from({ length: 500 }, (_, i) => ({
      ...railsTable(...(i === 317 ? [] : ['20260901090000'])),
      schema: `tenant_${i}`,
    }))
    const report = detect(RAILS, tenants)

    expect(report.state).toBe('pending')
    expect(report.why).toBe(
      '1 of 1 migration in db/migrate is not in tenant_317.schema_migrations. The one migration in db/migrate is in tenant_0.schema_migrations, tenant_1.schema_migrations, tenant_2.schema_migrations and 496 more.',
    )
  })

  it('is unknown where the files cannot be understood', () => {
    const report = detect({ 'drizzle/meta/_journal.json': '{' }, [])

    expect(report).toMatchObject({ tool: 'Drizzle', state: 'unknown' })
    expect(report.why).toContain('drizzle/meta/_journal.json is not JSON')
  })
})
