import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { renderBucketSummary } from '../../src/actions/check-bucket/summary.ts'
import { renderDumpSummary } from '../../src/actions/dump-to-s3/summary.ts'
import { renderUnhealthySummary } from '../../src/actions/pre-migration-snapshot/after-deploy-summary.ts'
import { renderRestorePointCommands } from '../../src/actions/pre-migration-snapshot/summary.ts'
import { nextSteps } from '../../src/actions/restore-from-s3/next-steps.ts'
import { renderAbortUpload, renderRestoreObject } from '../../src/core/backup/aws-commands.ts'
import type { Manifest } from '../../src/core/backup/manifest.ts'
import { quoteIdentifier } from '../../src/core/pg/quote.ts'
import { bucketFindings } from '../../src/core/posture/bucket-findings.ts'
import { lifecycleFindings } from '../../src/core/posture/lifecycle-findings.ts'
import { recordCommands, shellBlocksOf } from '../support/recorded-commands.ts'
import { sampleGateRecord, sampleRestoreRecord } from '../support/samples/hostile-records.ts'
import { SAMPLE, sampleTable } from '../support/samples/manifest.ts'

/** As a name, each would run something, end the block, or become another option of the program. */
const NAMES = [
  'a\nSQL\ntouch pwned\n#',
  'EOF\ntouch pwned',
  "it's; touch pwned #'",
  '$(touch pwned)',
  '`touch pwned`',
  'a"; touch pwned; "',
  '\\! touch pwned',
  '--file=pwned',
  '-c touch',
  '@/etc/passwd',
  '```\ntouch pwned\n```',
  'a\u2028touch pwned\u202e\u0007',
  'a\r\ntouch pwned',
  '!touch \\',
]

const STORE = { bucket: 'logi-backups', endpoint: "http://store.example/'$(touch pwned)" }
const SETTINGS = { state: 'unset' } as const
const GOAL = { prefix: 'prod', glacierDays: 30, abortDays: 2, noncurrentDays: 30 }

function manifestOf(name: string, more: Partial<Manifest['archive']> = {}): Manifest {
  return {
    ...SAMPLE,
    backup: { ...SAMPLE.backup, kind: 'partial', schemaPatterns: [name] },
    archive: { ...SAMPLE.archive, ...more },
    server: { ...SAMPLE.server, database: name, extensions: [{ name, version: '1', schema: name }] },
    fingerprint: { ...SAMPLE.fingerprint, tables: [sampleTable(name, 1, { schema: name })] },
  }
}

/** The pages and hints with shell in them, by the file that renders it, for any name. */
const PAGES: Readonly<Record<string, (name: string) => string>> = {
  'src/actions/dump-to-s3/summary.ts': name => {
    const page = { manifestUri: '', store: STORE, copies: [], previous: undefined }
    const server = { ...SAMPLE.server, database: name }
    return [manifestOf(name), manifestOf(name, { format: 'plain' }), { ...SAMPLE, server }]
      .map(manifest => renderDumpSummary(manifest, page))
      .join('\n\n')
  },
  'src/actions/pre-migration-snapshot/summary.ts': name =>
    asBlock(renderRestorePointCommands(manifestOf(name), STORE)),
  'src/actions/pre-migration-snapshot/after-deploy-summary.ts': name =>
    renderUnhealthySummary(
      { healthy: false, probes: [], verdict: name },
      { gate: sampleGateRecord(name), isOfDeploy: false, manifest: manifestOf(name) },
      { ...STORE, now: new Date() },
    ),
  'src/actions/check-bucket/summary.ts': name => {
    const rule = { ID: name, Status: 'Enabled', Filter: { Prefix: name } }
    const stored = { state: 'set', value: [{ rule, xml: '' }] } as const
    const policy = JSON.stringify({ Statement: [{ Sid: name, Effect: 'Allow', Resource: name }] })
    const settings = {
      lifecycle: stored,
      versioning: SETTINGS,
      publicAccessBlock: SETTINGS,
      isPublic: SETTINGS,
    }
    const findings = [
      ...lifecycleFindings(stored, GOAL, STORE),
      ...bucketFindings(
        {
          ...{ ...settings, lockDays: SETTINGS, encryption: SETTINGS },
          ...{ policy: { state: 'set', value: policy }, cors: { state: 'set', value: 7 } },
          website: { state: 'set', value: true },
        },
        { ...STORE, prefix: GOAL.prefix },
      ),
    ]
    return renderBucketSummary(
      { findings, difference: [`+ ${JSON.stringify(rule)}`] },
      'report',
      STORE.bucket,
    )
  },
  'src/actions/restore-from-s3/next-steps.ts': name =>
    nextSteps(sampleRestoreRecord(name, 'new-database'), [
      { schema: name, name, columns: [name], insertTriggers: [name] },
    ]).join('\n\n'),
  'src/storage/multipart/abort-upload.ts': name =>
    asBlock(renderAbortUpload({ ...STORE, key: 'archives/a.dump' }, name) ?? ''),
  'src/storage/locate-archive.ts': name =>
    asBlock(renderRestoreObject({ ...STORE, key: `archives/${name}` })),
}

function asBlock(command: string): string {
  return `\`\`\`\`\`\`\`bash\n${command}\n\`\`\`\`\`\`\``
}

/** All names at once: a program takes longer to start than to note its words. */
function runAll(page: string): ReturnType<typeof recordCommands> {
  const blocks = NAMES.map(name => shellBlocksOf(PAGES[page]?.(name) ?? ''))
  expect(blocks.filter(({ length }) => length === 0)).toEqual([])
  const recorded = recordCommands(blocks.flat().join('\n'))
  expect(recorded.calls.length).toBeGreaterThanOrEqual(blocks.flat().length)
  return recorded
}

it.each(Object.keys(PAGES))('the commands of %s take every name for a name', page => {
  expect(runAll(page).ranSomethingElse).toBe(false)
})

it.each([
  ['src/actions/dump-to-s3/summary.ts', 'gh', (name: string) => `confirm=${name}`],
  [
    'src/actions/dump-to-s3/summary.ts',
    'psql',
    (name: string) => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(name)}`,
  ],
  ['src/storage/multipart/abort-upload.ts', 'aws', (name: string) => name],
  ['src/storage/locate-archive.ts', 'aws', (name: string) => `archives/${name}`],
])('the commands of %s give %s the name to the letter', (page, program, toWord) => {
  const calls = runAll(page).calls.filter(([called]) => called === program)
  const words = calls.flat().map(word => word.replace(/^--upload-id=/, ''))
  expect(words).toEqual(expect.arrayContaining(NAMES.map(toWord)))
  // With --field, gh would read the file that a value with an @ names.
  expect(words).not.toContain('--field')
})

it('an upload that the aws CLI would read from a file has no command', () => {
  expect(renderAbortUpload({ ...STORE, key: 'k' }, 'file:///etc/passwd')).toBeUndefined()
})

it('every file that prints shell is in this list', () => {
  const shell = /codeBlock\([\s\S]*'(?:ba)?sh'|[^\w ]render(?:AbortUpload|RestoreObject)\(/
  const printing = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => join('src', file))
    .filter(file => shell.test(readFileSync(file, 'utf8')))
  expect(printing.toSorted()).toEqual(Object.keys(PAGES).toSorted())
})
