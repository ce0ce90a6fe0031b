import { parseBackupId } from '../../core/backup/backup-id.ts'
import { type Location, parseDatabaseName, parseDestination } from '../../core/backup/bucket-layout.ts'
import { parseKeepCount, parseTimeZone, type RetentionPolicy, TIERS } from '../../core/retention/policy.ts'
import { parseDuration } from '../../core/text/duration.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs } from '../../runner/inputs.ts'
import type { PinRequest } from '../../steps/retention/pins.ts'
import type { PruneRequest } from '../../steps/retention/prune.ts'
import type { StoreConfig } from '../../storage/client.ts'
import { readStoreConfig } from '../../wiring/store-inputs.ts'
import { readWriteSettings } from '../../wiring/write-inputs.ts'

export interface PruneInputs {
  readonly location: Location
  readonly store: StoreConfig
  readonly request: PruneRequest
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readPruneInputs(inputs: Inputs, environment: Environment): PruneInputs {
  const destination = inputs.parse('destination', parseDestination)
  const database = inputs.parse('database', parseDatabaseName)
  return inputs.finish({
    location: { prefix: destination?.prefix ?? '', database },
    store: { ...readStoreConfig(inputs, environment, destination), ...readWriteSettings(inputs) },
    request: {
      mode: inputs.oneOf('mode', ['plan', 'apply']),
      policy: readPolicy(inputs),
      maxDelete: inputs.parse('max-delete', parseMaxDelete),
      expectPlan: inputs.optional('expect-plan'),
      pin: readPin(inputs),
      unpin: inputs.parseOptional('unpin', parseBackupId),
    },
  })
}

function readPolicy(inputs: Inputs): RetentionPolicy {
  const read = {
    last: inputs.parseOptional('keep-last', parseKeepCount),
    hourly: inputs.parseOptional('keep-hourly', parseKeepCount),
    daily: inputs.parseOptional('keep-daily', parseKeepCount),
    weekly: inputs.parseOptional('keep-weekly', parseKeepCount),
    monthly: inputs.parseOptional('keep-monthly', parseKeepCount),
    yearly: inputs.parseOptional('keep-yearly', parseKeepCount),
  }
  const withinMs = inputs.parseOptional('keep-within', parseDuration)
  const counts = Object.fromEntries(TIERS.map(tier => [tier, read[tier]]).filter(([, count]) => count))
  if (Object.keys(counts).length === 0 && withinMs === undefined)
    inputs.problem('keep-daily', 'is empty, and so are all keep- inputs: set at least one')
  return {
    counts,
    withinMs,
    partialMs: inputs.parseOptional('keep-partial', parseDuration),
    safetyMs: inputs.parseOptional('keep-safety', parseDuration),
    referencedMs: inputs.durationMs('keep-referenced'),
    timeZone: inputs.parse('time-zone', parseTimeZone),
  }
}

function readPin(inputs: Inputs): PinRequest | undefined {
  const id = inputs.parseOptional('pin', parseBackupId)
  const reason = inputs.optional('pin-reason')
  const until = inputs.parseOptional('pin-until', parseDay)
  if (id === undefined) {
    if (reason !== undefined) inputs.problem('pin-reason', 'is set without pin')
    if (until !== undefined) inputs.problem('pin-until', 'is set without pin')
    return undefined
  }
  if (reason === undefined) inputs.problem('pin-reason', 'is required with pin')
  return { id, reason: reason ?? '', until }
}

/** `2027-01-31`, to the end of the day in UTC. */
function parseDay(text: string): Date {
  const day = new Date(`${text}T23:59:59Z`)
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(day.getTime()) || !day.toISOString().startsWith(text))
    throw new RangeError('expected a day such as 2027-01-31')
  return day
}

function parseMaxDelete(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new RangeError('expected a whole number from 1 to 99999')
  return Number(text)
}
