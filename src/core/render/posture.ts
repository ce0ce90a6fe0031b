import { parseDuration, renderDuration } from '../text/duration.ts'
import { isOpenToAll } from './allow-list.ts'
import { type RecoveryWindow, readWindow, windowMs } from './recovery-window.ts'
import type { LogicalExport, RecoveryInfo, RenderDatabase, RenderEnvironment } from './resources.ts'

/** Everything that `render-status` reads. */
export interface DatabasePosture {
  readonly database: RenderDatabase
  readonly recovery: RecoveryInfo
  readonly window: RecoveryWindow | undefined
  readonly newestExport: LogicalExport | undefined
  readonly isOpenToAll: boolean
  /** Undefined where the instance is in no environment, or the key may not read it. */
  readonly isProtected: boolean | undefined
  /** Instances that this suite recovered and that still cost money. */
  readonly recoveries: readonly RenderDatabase[]
  readonly now: Date
}

export function assemblePosture(
  facts: Pick<DatabasePosture, 'database' | 'recovery' | 'newestExport' | 'recoveries' | 'now'> & {
    readonly environment: RenderEnvironment | undefined
  },
): DatabasePosture {
  const { environment, ...rest } = facts
  return {
    ...rest,
    window: readWindow(facts.recovery, facts.now),
    isOpenToAll: isOpenToAll(facts.database.ipAllowList),
    isProtected: environment === undefined ? undefined : environment.protectedStatus === 'protected',
  }
}

/** One condition of fail-on. */
export type PostureDemand =
  | { readonly kind: 'no-recovery' | 'open-to-all' | 'not-protected' | 'not-available' }
  | { readonly kind: 'window-shorter-than' | 'export-older-than'; readonly durationMs: number }

const PLAIN = ['no-recovery', 'open-to-all', 'not-protected', 'not-available'] as const
const TIMED = ['window-shorter-than', 'export-older-than'] as const

/** Parses one line of fail-on. Throws a RangeError. */
export function parsePostureDemand(line: string): PostureDemand {
  const [, name = '', duration] = /^([^=]*?)\s*(?:=\s*(.*))?$/s.exec(line.trim()) ?? []
  const plain = PLAIN.find(kind => kind === name)
  if (plain !== undefined && duration === undefined) return { kind: plain }
  const timed = TIMED.find(kind => kind === name)
  if (timed !== undefined && duration !== undefined)
    return { kind: timed, durationMs: parseDuration(duration) }
  const known = [...PLAIN, ...TIMED.map(kind => `${kind}=<duration>`)]
  throw new RangeError(`"${line}" is not one of ${known.join(', ')}`)
}

/** Why a demand is not met, with the value; undefined where it is. */
export function unmetDemand(demand: PostureDemand, posture: DatabasePosture): string | undefined {
  const { window, database, recovery } = posture
  const isSuspended = database.suspended === 'suspended'
  switch (demand.kind) {
    case 'no-recovery':
      return window === undefined ? `no recovery is possible (${recovery.recoveryStatus})` : undefined
    case 'open-to-all':
      return posture.isOpenToAll ? 'the allow list admits every address' : undefined
    case 'not-protected':
      return posture.isProtected === true ? undefined : 'it is in no protected environment'
    case 'not-available':
      return database.status === 'available' && !isSuspended
        ? undefined
        : `its status is ${isSuspended ? 'suspended' : database.status}`
    case 'window-shorter-than':
      return shortWindow(demand.durationMs, posture)
    case 'export-older-than':
      return oldExport(demand.durationMs, posture)
  }
}

function shortWindow(leastMs: number, { window }: DatabasePosture): string | undefined {
  const ms = window === undefined ? 0 : windowMs(window)
  if (ms >= leastMs) return undefined
  return `the recovery window is ${renderDuration(ms)}, less than ${renderDuration(leastMs)}`
}

function oldExport(mostMs: number, { newestExport, now }: DatabasePosture): string | undefined {
  if (newestExport === undefined) return 'there is no logical export'
  const ageMs = now.getTime() - Date.parse(newestExport.createdAt)
  if (ageMs <= mostMs) return undefined
  return `the newest export is ${renderDuration(ageMs)} old, more than ${renderDuration(mostMs)}`
}
