import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { schemaProblems } from '../../scripts/workflows/schema.ts'

const GOOD = `
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    concurrency: { group: a, queue: max }
    steps:
      - run: echo "$A"
        env:
          A: \${{ github.sha }}
  b:
    uses: OWNER/REPO/.github/workflows/drill.yml@0000000000000000000000000000000000000000
    with:
      database: logi
      destination: s3://logi-backups
      s3-region: eu-west-1
`

async function check(source: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-schema-'))
  const file = join(directory, 'a.yml')
  try {
    writeFileSync(file, source)
    return (await schemaProblems([file])).join('\n')
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('the schema lets a good workflow pass', async () => {
  expect(await check(GOOD)).toBe('')
})

test.each([
  ['runs-on', 'run-on'],
  ['queue: max', 'queue: many'],
  ['github.sha', 'githb.sha'],
  ['      database: logi\n', ''],
  ['on: push', "on: { schedule: [{ cron: 'daily' }] }"],
])('the schema catches a %j that became %j', async (before, after) => {
  expect(GOOD).toContain(before)
  expect(await check(GOOD.replace(before, after))).toMatch(/a\.yml:\d+: ./)
})
