import { describe, expect, it, test } from 'vitest'
import { detect, table } from '../../support/migration-sides.ts'

describe('TypeORM', () => {
  test.each([
    [
      "class CreateUsers { name = 'CreateUsers1788253200000'; up(queryRunner) {} }",
      'CreateUsers1788253200000',
    ],
    ['module.exports = class { constructor() { this.name = `A1788253200000` } }', 'A1788253200000'],
    ['export const A = class A1788253200000 implements MigrationInterface {}', 'A1788253200000'],
    [
      "export class A1788253200000 implements MigrationInterface { public readonly name: string = 'B1788253200001' }",
      'B1788253200001',
    ],
  ])('finds the name that TypeORM finds: %s', (text, name) => {
    expect(detect({ 'migrations/1.ts': text }, [])).toMatchObject({ tool: 'TypeORM', pending: [name] })
  })

  it('cannot tell of a migration of TypeORM without a name that can be read', () => {
    const files = {
      'migrations/1.js': 'class A1788253200000 { up(queryRunner) {} }',
      'migrations/2.js': 'var B = (function () { B.prototype.up = function (queryRunner) {} })()',
    }
    const report = detect(files, [table('migrations', [{ timestamp: '1', name: 'A1788253200000' }])])

    expect(report).toMatchObject({ state: 'unknown' })
    expect(report.why).toContain('2.js takes a QueryRunner')
  })

  it('is unknown where TypeORM ran a class in between that is in no folder', () => {
    const rows = (...names: readonly string[]) =>
      table(
        'migrations',
        names.map(name => ({ timestamp: name.slice(-13), name })),
      )
    const files = {
      'src/migrations/1.ts': 'export class A1788253200000 {}',
      'src/migrations/3.ts': 'export class C1788253200003 {}',
    }

    // Of src/billing/migrations, which the glob of the data source names.
    const report = detect(files, [rows('A1788253200000', 'B1788253200002', 'C1788253200003')])
    expect(report.state).toBe('unknown')
    expect(report.why).toContain('B1788253200002 was applied, but is not in src/migrations')
    // Squashed away.
    const gone = rows('Old1788253100000', 'A1788253200000', 'C1788253200003')
    expect(detect(files, [gone]).state).toBe('none')
    // Of a later commit, or of another folder.
    const later = rows('A1788253200000', 'C1788253200003', 'D1788253200004')
    expect(detect(files, [later]).state).toBe('unknown')
  })

  it('is not TypeORM, whose classes lie in the same folders', () => {
    const file = `export class AddUsers1788253200000 implements MigrationInterface {
      name = 'AddUsers1788253200001'
      async up(queryRunner: QueryRunner) {}
    }`
    const report = detect({ 'migrations/1788253200000-AddUsers.ts': file, 'knexfile.js': '' }, [])

    expect(report).toMatchObject({ tool: 'TypeORM', pending: ['AddUsers1788253200001'] })
  })

  it('names a class of TypeORM once, though source and compiled lie side by side', () => {
    const files = {
      'src/migrations/1.ts': 'export class A1788253200000 {}',
      'dist/migrations/1.js': 'class A1788253200000 {}\nexports.A1788253200000 = A1788253200000',
    }

    expect(detect(files, []).pending).toEqual(['A1788253200000'])
  })
})
