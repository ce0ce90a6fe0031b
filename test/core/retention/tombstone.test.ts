import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  createTombstone,
  parseTombstone,
  renderTombstone,
  tombstoneSource,
} from '../../../src/core/retention/tombstone.ts'
import { schemaViolations } from '../../support/json-schema.ts'
import { SAMPLE, sampleTable } from '../../support/samples/manifest.ts'

const { key, etag, bytes } = SAMPLE.object
const archive = { key, versionIds: ['v1', null], etag, bytes }
const DOOMED = { id: SAMPLE.backup.id, manifest: null, archive }
const RETIREMENT = {
  at: '2027-01-01T00:00:00.000Z',
  policy: '7 daily',
  plan: 'f'.repeat(64),
  run: { repository: 'logi/db', workflow: 'prune', runId: '9', runAttempt: '1', commit: 'def' },
}

const entomb = (manifest = SAMPLE) => createTombstone(tombstoneSource(manifest), DOOMED, RETIREMENT)

describe('a tombstone', () => {
  it('keeps what a trend needs, what was deleted, and who made and retired the backup', () => {
    const read = parseTombstone(renderTombstone(entomb()), 'x')
    expect(read).toEqual(entomb())
    expect(read).toMatchObject({
      retired: { at: RETIREMENT.at, policy: '7 daily', archive },
      backup: SAMPLE.backup,
      server: { version: '18.7', databaseBytes: 10_000, database: SAMPLE.server.database },
      run: SAMPLE.run,
      retiredBy: RETIREMENT.run,
    })
  })

  it('is no larger for a database of many tables', () => {
    const tables = Array.from({ length: 1000 }, (_, i) => sampleTable(`t${i}`, 1))
    const large = { ...SAMPLE, fingerprint: { ...SAMPLE.fingerprint, tables } }
    expect(renderTombstone(entomb(large))).toBe(renderTombstone(entomb()))
  })

  it('follows its published schema', () => {
    const schema = JSON.parse(readFileSync('docs/schemas/tombstone.json', 'utf8'))
    expect(schemaViolations(schema, JSON.parse(renderTombstone(entomb())))).toEqual([])
  })

  it('of a newer version is refused', () => {
    expect(() => parseTombstone(JSON.stringify({ ...entomb(), version: 2 }), 's3://b/k')).toThrow(
      expect.objectContaining({ code: 'RETENTION_RECORD_INVALID' }),
    )
  })
})
