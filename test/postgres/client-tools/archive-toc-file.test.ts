import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderEntry } from '../../../src/core/backup/archive-toc.ts'
import { TocParser } from '../../../src/core/backup/read-toc.ts'
import { needsSuperuser } from '../../../src/core/passes/superuser-entries.ts'
import { readArchiveToc } from '../../../src/postgres/client-tools/archive-toc-file.ts'
import { buildAdversarial } from '../../data/adversarial.ts'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

describe('the table of contents of an archive', () => {
  const lab = theLab()
  let directory: string
  let archive: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
    archive = join(directory, 'a.dump')
    await using source = await createDatabase(lab, client => buildAdversarial(client), 'adversarial')
    execFileSync(join(lab.postgres.binDir, 'pg_dump'), ['-Fc', '--statistics', '-f', archive, source.url])
  })
  afterAll(() => rm(directory, { recursive: true }))

  it('has the entries that pg_restore lists, in the same order', async () => {
    const listed = execFileSync(
      join(lab.postgres.binDir, 'pg_restore'),
      ['--list', '--no-statistics', archive],
      {
        encoding: 'utf8',
      },
    )
    const lines = listed.split('\n').filter(line => /^\d+;/.test(line))
    const { entries } = await readArchiveToc(archive)
    const rendered = entries.map(entry => `${entry.id} ${renderEntry(entry)}`)
    expect(rendered).toEqual(lines.map(line => line.replace(/^(\d+); \d+ \d+ /, '$1 ')))
    expect(entries.length).toBeGreaterThan(500)
  })

  it('knows names as they are, dependencies, and what takes a superuser', async () => {
    const { entries } = await readArchiveToc(archive)
    expect(entries.find(({ kind, name }) => kind === 'TABLE' && name.includes('\n'))).toBeDefined()
    const rows = entries.find(({ kind }) => kind === 'TABLE DATA')
    expect(entries.find(({ id }) => rows?.dependsOn.includes(id))?.kind).toBe('TABLE')
    // 14 creations and what goes with them: measured by hand on this database.
    expect(entries.filter(needsSuperuser).length).toBeGreaterThan(10)
    expect(entries.filter(needsSuperuser).length).toBeLessThan(25)
  })

  it('asks for more bytes wherever it is cut, and refuses what is no archive', async () => {
    const bytes = await readFile(archive)
    for (const length of [0, 4, 10, 100, 5000])
      expect(new TocParser().read(bytes.subarray(0, length))).toBeUndefined()
    expect(() => new TocParser().read(Buffer.from('-- a plain script'))).toThrow(RangeError)
    const cut = join(directory, 'cut.dump')
    await writeFile(cut, bytes.subarray(0, 5000))
    await expect(readArchiveToc(cut)).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' })
  })
})
