import { parseBackupId } from '../../core/backup/backup-id.ts'
import { parseDatabaseName } from '../../core/backup/bucket-layout.ts'
import { parseKeepCount, parseTimeZone, type RetentionPolicy, TIERS } from '../../core/retention/policy.ts'
import { parseDuration } from '../../core/text/duration.ts'
import { isDay } from '../../core/text/instant.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs, Read } from '../../runner/inputs.ts'
import type { PinRequest } from '../../steps/retention/pins.ts'
import type { PruneRequest } from '../../steps/retention/prune.ts'
import { type BackupStore, readBackupStore } from '../../wiring/store-inputs.ts'
import { readWritableStore } from '../../wiring/write-inputs.ts'

export interface PruneInputs extends BackupStore {
  readonly request: PruneRequest
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readPruneInputs(inputs: Inputs, environment: Environment): PruneInputs {
  const { location, store } = readBackupStore(
    inputs,
    environment,
    inputs.parse('database', parseDatabaseName),
  )
  const request = {
    mode: inputs.oneOf('mode', ['plan', 'apply']),
    policy: readPolicy(inputs),
    maxDelete: inputs.parse('max-delete', parseMaxDelete),
    expectPlan: inputs.optional('expect-plan'),
    pin: readPin(inputs),
    unpin: inputs.parseOptional('unpin', parseBackupId),
  }
  return inputs.finish({
    location,
    store: readWritableStore(inputs, store),
    request: inputs.combine(request, read => read),
  })
}

function readPolicy(inputs: Inputs): Read<RetentionPolicy> {
  const limits = {
    counts: readCounts(inputs),
    withinMs: inputs.parseOptional('keep-within', parseDuration),
    partialMs: inputs.parseOptional('keep-partial', parseDuration),
    safetyMs: inputs.parseOptional('keep-safety', parseDuration),
    referencedMs: inputs.durationMs('keep-referenced'),
    timeZone: inputs.parse('time-zone', parseTimeZone),
  }
  return inputs.combine(limits, policy => {
    if (Object.keys(policy.counts).length === 0 && policy.withinMs === undefined)
      inputs.problem('keep-daily', 'is empty, and so are all keep- inputs: set at least one')
    return policy
  })
}

function readCounts(inputs: Inputs): Read<RetentionPolicy['counts']> {
  const given = {
    last: inputs.parseOptional('keep-last', parseKeepCount),
    hourly: inputs.parseOptional('keep-hourly', parseKeepCount),
    daily: inputs.parseOptional('keep-daily', parseKeepCount),
    weekly: inputs.parseOptional('keep-weekly', parseKeepCount),
    monthly: inputs.parseOptional('keep-monthly', parseKeepCount),
    yearly: inputs.parseOptional('keep-yearly', parseKeepCount),
  }
  return inputs.combine(given, read =>
    Object.fromEntries(TIERS.map(tier => [tier, read[tier]]).filter(([, count]) => count)),
  )
}

function readPin(inputs: Inputs): Read<PinRequest | undefined> {
  const id = inputs.parseOptional('pin', parseBackupId)
  const reason = inputs.optional('pin-reason')
  const until = inputs.parseOptional('pin-until', parseDay)
  if (id === undefined) {
    if (reason !== undefined) inputs.problem('pin-reason', 'is set without pin')
    if (until !== undefined) inputs.problem('pin-until', 'is set without pin')
    return undefined
  }
  if (reason === undefined) return inputs.problem('pin-reason', 'is required with pin')
  return inputs.combine({ id, until }, read => ({ ...read, reason }))
}

/** `2027-01-31`, to the end of the day in UTC. */
function parseDay(text: string): Date {
  if (!isDay(text)) throw new RangeError('expected a day such as 2027-01-31')
  return new Date(`${text}T23:59:59Z`)
}

function parseMaxDelete(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new RangeError('expected a whole number from 1 to 99999')
  return Number(text)
}
