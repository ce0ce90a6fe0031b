import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { differences } from '../../scripts/check/dist.ts'

const made: string[] = []
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true })
})

function directory(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'differences-'))
  made.push(path)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return path
}

describe('the comparison of dist/', () => {
  it('finds none between equal trees', () => {
    const files = { 'index.js': 'a', 'dump/main.js': 'b' }
    expect(differences(directory(files), directory(files))).toEqual([])
  })

  it('names a file that changed, one that is missing and one too many', () => {
    const committed = directory({ 'index.js': 'a', 'old/main.js': 'b', 'same.txt': 'c' })
    const fresh = directory({ 'index.js': 'A', 'new/main.js': 'b', 'same.txt': 'c' })
    expect(differences(committed, fresh)).toEqual([
      `${committed}/index.js is out of date`,
      `${committed}/new/main.js is missing`,
      `${committed}/old/main.js is not built from anything any more`,
    ])
  })

  it('sees white space, line ends and what git would ignore', () => {
    const committed = directory({ 'index.js': 'a\n', '.hidden/x': '' })
    const fresh = directory({ 'index.js': 'a\r\n' })
    expect(differences(committed, fresh)).toHaveLength(2)
  })

  it('calls every file missing where nothing was ever built', () => {
    expect(differences('no/such/directory', directory({ 'index.js': 'a' }))).toEqual([
      'no/such/directory/index.js is missing',
    ])
  })
})
