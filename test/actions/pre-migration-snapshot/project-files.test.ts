import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readProjectFiles } from '../../../src/actions/pre-migration-snapshot/project-files.ts'

const DJANGO = 'class Migration(migrations.Migration):\n    pass\n'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pg-runbook-test-'))
})
afterEach(() => rmSync(root, { recursive: true }))

describe('the files of a project', () => {
  it('are those of migration tools, with their text only where it matters', async () => {
    write({
      'db/migrate/1_a.rb': 'class A',
      'db/schema.rb': 'x',
      'migrations/1_a.js': 'exports.up = 1',
      'migrations/1_a.d.ts': 'x',
      'src/index.ts': 'x',
      '.env': 'PASSWORD=geheim',
    })

    const { files, gaps } = await readProjectFiles(root)

    expect([...files].toSorted()).toEqual([
      ['db/migrate/1_a.rb', ''],
      ['migrations/1_a.js', 'exports.up = 1'],
    ])
    expect(gaps).toEqual([])
  })

  it('are none in an empty project, and an error where there is no project', async () => {
    expect((await readProjectFiles(root)).files.size).toBe(0)
    await expect(readProjectFiles(join(root, 'nowhere'))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      hint: expect.stringContaining('actions/checkout'),
    })
  })

  it('are looked for deep below only in a project of Django, and not in packages', async () => {
    write({
      'apps/shop/migrations/0001_initial.py': DJANGO,
      'my-env/pyvenv.cfg': '',
      'my-env/lib/site/auth/migrations/0001_initial.py': DJANGO,
      'node_modules/x/migrations/0001_initial.py': DJANGO,
      '.tox/x/migrations/0001_initial.py': DJANGO,
    })
    expect((await readProjectFiles(root)).files.size).toBe(0)

    write({ 'backend/manage.py': '' })
    expect([...(await readProjectFiles(root)).files.keys()]).toEqual(['apps/shop/migrations/0001_initial.py'])
  })

  it('are those of Rails beside db/migrate too', async () => {
    write({ Gemfile: '', 'db/post_migrate/2_b.rb': 'class B' })
    expect([...(await readProjectFiles(root)).files]).toEqual([['db/post_migrate/2_b.rb', '']])
  })

  it('stop at limits, and then there is a gap', async () => {
    write({ 'migrations/1_a.js': 'x'.repeat(50), 'migrations/2_b.js': 'y', 'migrations/3_c.js': 'z' })
    const limits = { entries: 100, fileBytes: 10, totalBytes: 100 }

    const large = await readProjectFiles(root, limits)
    expect(large.gaps).toEqual(['migrations/1_a.js (50 B) was not read: 10 B for a file, 100 B for all'])
    expect(large.files.get('migrations/2_b.js')).toBe('y')
    expect((await readProjectFiles(root, { ...limits, fileBytes: 100, totalBytes: 51 })).gaps).toHaveLength(1)
    expect((await readProjectFiles(root, { ...limits, entries: 2 })).gaps).toEqual(
      expect.arrayContaining([`${root} has more than 2 files and folders to look at`]),
    )
  })

  it('are not pipes, nor links that lead nowhere or in a circle', async () => {
    write({ 'migrations/1_a.js': 'a', 'elsewhere/2_b.js': 'b', 'manage.py': '' })
    execFileSync('mkfifo', [join(root, 'migrations/3_c.js')])
    symlinkSync('../elsewhere/2_b.js', join(root, 'migrations/2_b.js'))
    symlinkSync('nowhere.js', join(root, 'migrations/4_d.js'))
    symlinkSync('..', join(root, 'elsewhere/circle'))

    const { files, gaps } = await readProjectFiles(root)

    expect([...files].filter(([path]) => path.startsWith('migrations'))).toEqual([
      ['migrations/1_a.js', 'a'],
      ['migrations/2_b.js', 'b'],
    ])
    expect(gaps).toEqual(['migrations/3_c.js is not a file', 'migrations/4_d.js cannot be read (ENOENT)'])
  })

  it('are those of apps called vendor and env too, however deep they lie', async () => {
    const apps = ['env', 'vendor', 'vendor/ours', 'a/b/c/d/e/f/g/h']
    write(Object.fromEntries(apps.map(app => [`${app}/migrations/0001_initial.py`, DJANGO])))
    write({ 'manage.py': '', 'vendor/bundle/x/migrations/0001_initial.py': DJANGO })

    expect([...(await readProjectFiles(root)).files.keys()].toSorted()).toEqual(
      apps.map(app => `${app}/migrations/0001_initial.py`).toSorted(),
    )
  })

  it('leave a gap where a link leads to a folder that is not looked through', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'pg-runbook-test-'))
    write({ 'manage.py': '', 'shop/models.py': '', 'db/migrate/1_a.rb': '' })
    symlinkSync(outside, join(root, 'shop/migrations'))
    symlinkSync('shop', join(root, 'alias'))
    symlinkSync('../../shop', join(root, 'db/migrate/old'))

    const { gaps } = await readProjectFiles(root)
    rmSync(outside, { recursive: true })

    expect(gaps).toEqual([
      'db/migrate/old is a link to a folder, which is not followed',
      'shop/migrations is a link to a folder, which is not followed',
    ])
  })

  it('leave a gap where the system does not let them be read', async () => {
    write({ 'migrations/1_a.js': 'a', 'db/schema.rb': '' })
    symlinkSync('2_b.js', join(root, 'migrations/2_b.js'))
    symlinkSync('migrate', join(root, 'db/migrate'))

    expect((await readProjectFiles(root)).gaps).toEqual([
      'db/migrate cannot be read (ELOOP)',
      'migrations/2_b.js cannot be read (ELOOP)',
    ])
  })
})

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}
