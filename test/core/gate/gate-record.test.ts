import { describe, expect, it, test } from 'vitest'
import {
  type GateRecord,
  isOfDeploy,
  parseGateRecord,
  renderGateRecord,
} from '../../../src/core/gate/gate-record.ts'

const RUN = { repository: 'logi/db', workflow: 'deploy', runId: '7', runAttempt: '1', commit: 'abc' }

const RECORD: GateRecord = {
  version: 1,
  gate: {
    id: '20261201T040000Z-1a2b3c4d',
    database: 'logi',
    at: '2026-12-01T04:00:00.000Z',
    level: 'drill',
  },
  backup: {
    id: '20261201T035900Z-pre-migration-5e6f7a8b',
    bucket: 'logi-backups',
    key: 'archives/logi/2026/12/20261201T035900Z-pre-migration-5e6f7a8b.dump',
    versionId: null,
    sha256: 'a'.repeat(64),
    bytes: 1000,
    snapshotAt: '2026-12-01T03:59:00.123Z',
  },
  copies: [{ destination: 's3://second', archiveUri: null, problem: 'It was away.' }],
  durations: { totalMs: 60_000 },
  migrations: { tool: null, pending: ['20261201_add_plan'] },
  run: RUN,
}

describe('the record of a gate', () => {
  it('comes back from its bytes', () => {
    expect(parseGateRecord(renderGateRecord(RECORD), 'x')).toEqual(RECORD)
  })

  it('is read without the duration that older records lack', () => {
    const { durations: _, ...older } = RECORD
    expect(parseGateRecord(JSON.stringify(older), 'x')).toMatchObject({ run: RUN, durations: null })
  })

  test.each([
    ['is no JSON', 'x', 'JSON'],
    ['has a newer version', JSON.stringify({ ...RECORD, version: 2 }), 'version 2'],
    [
      'has an unknown level',
      JSON.stringify({ ...RECORD, gate: { ...RECORD.gate, level: 'all' } }),
      'gate.level',
    ],
    ['names no restore point', JSON.stringify({ ...RECORD, backup: null }), 'backup'],
  ])('is refused where it %s', (_, json, why) => {
    expect(() => parseGateRecord(json, 's3://b/gates/k')).toThrow(
      expect.objectContaining({
        code: 'MANIFEST_INVALID',
        message: expect.stringMatching(new RegExp(`s3://b/gates/k.*${why}`)),
      }),
    )
  })
})

describe('a gate', () => {
  test.each<[string, Partial<GateRecord['run']>, boolean]>([
    ['the same run', {}, true],
    ['another attempt of the run', { runAttempt: '2' }, true],
    ['another run of the commit', { runId: '8' }, true],
    ['the same run number with another commit', { commit: 'def' }, true],
    ['another run of another commit', { runId: '8', commit: 'def' }, false],
    ['another repository', { repository: 'logi/web' }, false],
    ['a run that knows neither its id nor its commit', { runId: '', commit: '' }, false],
  ])('of this deploy is told for %s', (_, changes, expected) => {
    expect(isOfDeploy(RECORD, { ...RUN, ...changes })).toBe(expected)
  })

  it('without run and commit belongs to no deploy', () => {
    const local = { ...RUN, runId: '', commit: '' }
    expect(isOfDeploy({ ...RECORD, run: local }, local)).toBe(false)
  })
})
