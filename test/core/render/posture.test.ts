import { describe, expect, it } from 'vitest'
import {
  assemblePosture,
  type PostureDemand,
  parsePostureDemand,
  unmetDemand,
} from '../../../src/core/render/posture.ts'
import {
  environment,
  logicalExport,
  recoveryInfo,
  renderDatabase,
} from '../../../src/core/render/resources.ts'

const NOW = new Date('2026-12-01T04:00:00Z')
const DAY_MS = 86_400_000

interface Facts {
  readonly database?: object
  readonly recovery?: object
  readonly exportedAt?: string
  readonly protectedStatus?: string
}

function posture({ database, recovery, exportedAt, protectedStatus }: Facts) {
  const status = { status: 'available', suspended: 'not_suspended', createdAt: '2026-01-01T00:00:00Z' }
  return assemblePosture({
    database: renderDatabase({ id: 'dpg-a', name: 'logi', ...status, ...database }, ''),
    recovery: recoveryInfo(recovery ?? { recoveryStatus: 'AVAILABLE', startsAt: '2026-11-28T04:00:00Z' }, ''),
    newestExport:
      exportedAt === undefined ? undefined : logicalExport({ id: 'e', createdAt: exportedAt }, ''),
    environment:
      protectedStatus === undefined ? undefined : environment({ id: 'evm-a', protectedStatus }, ''),
    recoveries: [],
    now: NOW,
  })
}

const OPEN = { ipAllowList: [{ cidrBlock: '0.0.0.0/0' }] }
const plain = (kind: Exclude<PostureDemand['kind'], `${string}-than`>): PostureDemand => ({ kind })
const window = (days: number): PostureDemand => ({ kind: 'window-shorter-than', durationMs: days * DAY_MS })
const exported = (days: number): PostureDemand => ({ kind: 'export-older-than', durationMs: days * DAY_MS })
const NO_RECOVERY = { recovery: { recoveryStatus: 'NOT_AVAILABLE' } }

describe('a demand', () => {
  it.each<[PostureDemand, Facts, string | undefined]>([
    [plain('no-recovery'), {}, undefined],
    [plain('no-recovery'), NO_RECOVERY, 'no recovery is possible (NOT_AVAILABLE)'],
    [plain('open-to-all'), {}, undefined],
    [plain('open-to-all'), { database: OPEN }, 'the allow list admits every address'],
    [plain('not-protected'), { protectedStatus: 'protected' }, undefined],
    [plain('not-protected'), { protectedStatus: 'unprotected' }, 'it is in no protected environment'],
    [plain('not-protected'), {}, 'it is in no protected environment'],
    [plain('not-available'), {}, undefined],
    [plain('not-available'), { database: { status: 'creating' } }, 'its status is creating'],
    [plain('not-available'), { database: { suspended: 'suspended' } }, 'its status is suspended'],
    [window(2), {}, undefined],
    [window(3), {}, 'the recovery window is 71 h 50 min, less than 72 h 00 min'],
    [window(3), NO_RECOVERY, 'the recovery window is 0.0 s, less than 72 h 00 min'],
    [exported(7), {}, 'there is no logical export'],
    [exported(7), { exportedAt: '2026-11-24T04:00:00Z' }, undefined],
    [
      exported(7),
      { exportedAt: '2026-11-24T03:59:00Z' },
      'the newest export is 168 h 01 min old, more than 168 h 00 min',
    ],
  ])('%j of %j is not met because: %s', (demand, facts, reason) => {
    expect(unmetDemand(demand, posture(facts))).toBe(reason)
  })
})

describe('a line of fail-on', () => {
  it.each([
    ['no-recovery', { kind: 'no-recovery' }],
    ['window-shorter-than=3d', window(3)],
    ['export-older-than = 36h', exported(1.5)],
  ])('is %j', (line, demand) => {
    expect(parsePostureDemand(line)).toEqual(demand)
  })

  it.each(['', 'no-recovery=3d', 'no-recovery=', 'window-shorter-than', 'No-Recovery', 'constructor'])(
    'is not %j',
    line => {
      expect(() => parsePostureDemand(line)).toThrow(
        new RangeError(
          `"${line}" is not one of no-recovery, open-to-all, not-protected, not-available, window-shorter-than=<duration>, export-older-than=<duration>`,
        ),
      )
    },
  )

  it.each([
    'window-shorter-than=',
    'window-shorter-than=3d=9d',
    'window-shorter-than=3',
    'export-older-than=-1d',
  ])('needs a duration: %s', line => {
    expect(() => parsePostureDemand(line)).toThrow('is not a duration such as 90s, 10m or 1h30m')
  })
})
