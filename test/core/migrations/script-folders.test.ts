import { describe, expect, it } from 'vitest'
import { SCRIPT_LOCATIONS, scriptFolders } from '../../../src/core/migrations/script-folders.ts'

const folders = (...paths: readonly string[]) =>
  scriptFolders({ root: '/', files: new Map(paths.map(path => [path, ''])), gaps: [] }).map(
    ({ folder, isKnown, scripts }) => [folder, isKnown, scripts.map(({ name }) => name)],
  )

describe('the folders of scripts', () => {
  it('are usual ones, with those below them apart', () => {
    expect(folders('migrations/2_b.ts', 'migrations/1_a.js', 'migrations/old/0.mjs')).toEqual([
      ['migrations', true, ['1_a.js', '2_b.ts']],
      ['migrations/old', false, ['0.mjs']],
    ])
  })

  it('are also others by their name', () => {
    expect(folders('packages/db/dbMigrations/1.cts', 'app/migration/2.ts', 'db/migrations/3.ts')).toEqual([
      ['app/migration', false, ['2.ts']],
      ['db/migrations', true, ['3.ts']],
      ['packages/db/dbMigrations', false, ['1.cts']],
    ])
  })

  it.each([
    'migrations/1.d.ts',
    'migrations/1.d.mts',
    'migrations/1.js.map',
    'migrations/1.sql',
    'migrations/.js.txt',
    'migrations.js',
    'src/users/1.ts',
    'emigration-office/1.ts',
  ])('do not hold %s', path => {
    expect(folders(path)).toEqual([])
  })

  it('are read at every depth', () => {
    expect(SCRIPT_LOCATIONS.every(({ isRead, depth }) => isRead && depth === Number.POSITIVE_INFINITY)).toBe(
      true,
    )
  })
})
