import { describe, expect, it } from 'vitest'
import {
  type CutoverEvent,
  type CutoverRecord,
  cutoverEventKey,
  cutoverKey,
  parseCutoverEvent,
  parseCutoverId,
  parseCutoverRecord,
  renderCutoverId,
  renderCutoverJson,
  stateOf,
} from '../../../src/core/render/cutover-record.ts'

const ID = '20261201T040000Z-1a2b3c4d'
const RUN = { repository: 'o/r', workflow: 'w', runId: '1', runAttempt: '1', commit: 'abc' }
const RECORD: CutoverRecord = {
  version: 1,
  cutover: {
    id: ID,
    database: 'logi',
    plannedAt: '2026-12-01T04:00:00.000Z',
    recoveredTo: null,
    drillUri: null,
    verificationSkipped: 'the drill bucket is down',
  },
  old: { id: 'dpg-aaaaaaaa-a', name: 'logi' },
  fresh: { id: 'dpg-bbbbbbbb-a', name: 'logi-2' },
  services: [{ id: 'srv-web', name: 'web', type: 'web_service', freeze: 'maintenance', wasFrozen: false }],
  variables: [{ ownerId: 'srv-web', ownerName: 'web', key: 'DATABASE_URL', door: 'internal' }],
  run: RUN,
}
const event = (direction: CutoverEvent['direction'], step: number): CutoverEvent => ({
  ...{ version: 1, at: '2026-12-01T04:00:00Z', direction, step, what: '', nonce: '' },
  run: RUN,
})

describe('the record of a cutover', () => {
  it('comes back from its bytes, as its events do', () => {
    expect(parseCutoverRecord(renderCutoverJson(RECORD), 'x')).toEqual(RECORD)
    expect(parseCutoverEvent(renderCutoverJson(event('undo', 3)), 'x')).toEqual(event('undo', 3))
  })

  it('drops a value of a variable, which holds a password', () => {
    const [variable] = RECORD.variables
    const leaking = { ...RECORD, variables: [{ ...variable, value: 'postgresql://u:hunter2@h/d' }] }
    expect(JSON.stringify(parseCutoverRecord(JSON.stringify(leaking), 'x'))).not.toContain('hunter2')
  })

  it.each([
    ['{', 'record of a cutover'],
    [JSON.stringify({ ...RECORD, version: 2 }), 'it has version 2; this pg-runbook reads up to 1'],
    [JSON.stringify({ ...RECORD, services: [{ freeze: 'stop' }] }), 'services[0].'],
  ])('is refused when it is damaged or newer: %.20s', (json, words) => {
    expect(() => parseCutoverRecord(json, 'cutovers/logi/k')).toThrow(
      expect.objectContaining({
        code: 'CUTOVER_RECORD_INVALID',
        message: expect.stringMatching(/^The record of a cutover cutovers\/logi\/k cannot be read: /),
      }),
    )
    expect(() => parseCutoverRecord(json, 'k')).toThrow(words)
  })

  it.each([
    [undefined, 'planned'],
    [event('forward', 2), 'under way'],
    [event('forward', 3), 'done'],
    [event('forward', 4), 'done'],
    [event('undo', 0), 'being undone'],
    [event('undo', 3), 'undone'],
  ])('knows where it stands of three steps: %j', (last, state) => {
    expect(stateOf(last, 3)).toBe(state)
  })
})

describe('the keys of a cutover', () => {
  it.each([
    ['', `cutovers/logi/${ID}.json`, `cutovers/logi/${ID}/0007.json`],
    ['backups', `backups/cutovers/logi/${ID}.json`, `backups/cutovers/logi/${ID}/0007.json`],
  ])('lie below prefix %j', (prefix, key, eventKey) => {
    const location = { prefix, database: 'logi' }
    expect(cutoverKey(location, ID)).toBe(key)
    expect(cutoverEventKey(location, ID, 7)).toBe(eventKey)
  })

  it('of events sort in the order of their numbers', () => {
    const keys = [9, 10, 99, 100, 9999].map(n => cutoverEventKey({ prefix: '', database: 'd' }, ID, n))
    expect(keys.toSorted()).toEqual(keys)
  })

  it('begin with the instant of the plan', () => {
    expect(renderCutoverId(new Date('2026-12-01T04:00:00.999Z'), '1a2b3c4d')).toBe(ID)
  })
})

describe('the id of a cutover', () => {
  it.each([ID, `${ID}.json`, `s3://b/backups/cutovers/logi/${ID}.json`])('may be given as %s', text => {
    expect(parseCutoverId(text)).toBe(ID)
  })

  it.each(['', 'latest', `${ID}/0007.json`, `${ID} `, ID.toLowerCase(), '../x'])('is not %j', text => {
    expect(() => parseCutoverId(text)).toThrow(
      new RangeError('expected the id of a cutover such as 20261201T040000Z-1a2b3c4d'),
    )
  })
})
