import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { nextSteps } from '../../src/actions/restore-from-s3/next-steps.ts'
import { previousName } from '../../src/core/restore/database-names.ts'
import { withClient } from '../support/database.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { runInShell } from '../support/printed-commands.ts'
import { sampleRestoreRecord } from '../support/samples/hostile-records.ts'

const lab = theLab()

/** Names of databases, which a server allows. */
const NAMES = [
  'a\nSQL\ntouch pwned\n\\! touch pwned',
  '"; \\! touch pwned\u2028 :x $(touch pwned) `touch pwned` \'',
]

/** Pastes SQL into psql, in a here-document as a script would hold it. Says whether something else ran. */
function paste(hosted: HostedDatabase, sql: string): string {
  const url = hosted.url.replace(/:[^:@]*@/, '@')
  const psql = `psql '${url}' --no-psqlrc --set ON_ERROR_STOP=1`
  return runInShell(lab, hosted, `${psql} <<'SQL'\n${sql}\nSQL\nif [ -e pwned ]; then echo pwned; fi`)
}

/** What a page shows in line, as a reader copies it. */
function copyCode(markdown: string, begins: string): string {
  const found = [...markdown.matchAll(/<code>(.*?)<\/code>/g)].map(([, html = '']) =>
    html
      .replace(/<\/?span>/g, '')
      .replace(/&#(\d+);/g, (_, point: string) => String.fromCodePoint(Number(point)))
      .replace(/&lt;/g, '<')
      .replace(/&gt;/g, '>')
      .replace(/&amp;/g, '&'),
  )
  return found.find(text => text.startsWith(begins)) ?? ''
}

it.each(NAMES)('swaps back and drops the databases of %j, and does nothing else', async name => {
  await using hosted = await createHosted(lab)
  const previous = previousName(name, new Date())
  await withClient(hosted.url, async client => {
    for (const each of [name, previous])
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(each)}`)
  })
  const record = sampleRestoreRecord(name, 'swap')
  const page = nextSteps({ ...record, target: { ...record.target, previous } }, []).join('\n\n')
  const names = () =>
    withClient(hosted.url, async client => {
      const { rows } = await client.query<{ name: string }>(
        'SELECT datname AS name FROM pg_database WHERE datdba = current_user::regrole AND datname <> current_database()',
      )
      return rows.map(row => row.name).toSorted()
    })

  const swapBack = /^```sql\n(.*)\n```$/m.exec(page)?.[1] ?? ''
  expect(paste(hosted, swapBack)).not.toContain('pwned')
  const restored = (await names()).filter(each => each !== name)
  expect(await names()).toContain(name)
  expect(restored.join()).toMatch(/_restored_\d{8}t\d{6}z$/)

  const drop = copyCode(page, 'DROP DATABASE')
  expect(drop).toContain('DROP DATABASE')
  await withClient(hosted.url, client =>
    client.query(
      `ALTER DATABASE ${client.escapeIdentifier(name)} RENAME TO ${client.escapeIdentifier(previous)}`,
    ),
  )
  expect(paste(hosted, `${drop};`)).not.toContain('pwned')
  expect(await names()).toEqual(restored)
})

it('no hint or message quotes a name as only a server reads it', () => {
  const printed = /(?:hint|message|note)s?\b[^\n]*\$\{quote(?:Identifier|Literal|Table)\(/
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .filter(file => printed.test(readFileSync(join('src', file), 'utf8')))
  expect(files).toEqual([])
})
