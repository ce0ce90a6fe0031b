import { type Location, parseDatabaseName, parseDestination } from '../../core/backup/bucket-layout.ts'
import { parseCutoverId } from '../../core/render/cutover-record.ts'
import { parsePointInTime } from '../../core/render/recovery-window.ts'
import { parseDatabaseId, parseRenderId } from '../../core/render/resources.ts'
import type { RenderConfig } from '../../render/client.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs } from '../../runner/inputs.ts'
import type { StoreConfig } from '../../storage/client.ts'
import { readRenderConfig } from '../../wiring/render-inputs.ts'
import { readStoreConfig } from '../../wiring/store-inputs.ts'
import { readWriteSettings } from '../../wiring/write-inputs.ts'

export interface HealthProbe {
  readonly url: string
  readonly status: number
  readonly probes: number
}

export interface CutoverInputs {
  readonly render: RenderConfig
  readonly store: StoreConfig
  readonly location: Location
  readonly oldId: string
  readonly newId: string
  readonly serviceIds: readonly string[]
  readonly groupIds: readonly string[]
  readonly drillUri: string | undefined
  readonly skipVerification: string | undefined
  readonly confirm: string | undefined
  readonly dryRun: boolean
  readonly undo: string | undefined
  readonly recoveredTo: Date | undefined
  /** Undefined where there is no web service to ask. */
  readonly health: HealthProbe | undefined
  readonly timeoutMs: number
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readCutoverInputs(inputs: Inputs, environment: Environment): CutoverInputs {
  const destination = inputs.parse('destination', parseDestination)
  const database = inputs.parse('database', parseDatabaseName)
  const url = inputs.parseOptional('health-url', parseHealthUrl)
  const status = inputs.parse('health-status', text => parseCount(text, 100, 599))
  const probes = inputs.parse('health-probes', text => parseCount(text, 1, 100))
  return checkTogether(
    inputs,
    inputs.finish({
      render: readRenderConfig(inputs, environment),
      store: { ...readStoreConfig(inputs, environment, destination), ...readWriteSettings(inputs) },
      location: { prefix: destination?.prefix ?? '', database },
      oldId: inputs.parse('instance-id', parseDatabaseId),
      newId: inputs.parse('new-instance-id', parseDatabaseId),
      serviceIds: readIds(inputs.lines('service-ids'), ['srv', 'crn'], 'service-ids', inputs),
      groupIds: readIds(inputs.lines('env-group-ids'), ['evg'], 'env-group-ids', inputs),
      drillUri: inputs.optional('drill-uri'),
      skipVerification: inputs.optional('skip-verification'),
      confirm: inputs.optional('confirm'),
      dryRun: inputs.flag('dry-run'),
      undo: inputs.parseOptional('undo', parseCutoverId),
      recoveredTo: readInstant(inputs),
      health: url === undefined ? undefined : { url, status, probes },
      timeoutMs: inputs.durationMs('timeout'),
    }),
  )
}

/** Rules that concern more than one input. */
function checkTogether(inputs: Inputs, read: CutoverInputs): CutoverInputs {
  if (read.oldId === read.newId) inputs.problem('new-instance-id', 'is the old database itself')
  if (read.serviceIds.length === 0) inputs.problem('service-ids', 'names no service')
  const isForward = read.undo === undefined && !read.dryRun
  if (isForward && read.drillUri === undefined && read.skipVerification === undefined)
    inputs.problem('drill-uri', 'is required, unless skip-verification has a reason')
  return inputs.finish(read)
}

function readIds(
  lines: readonly string[],
  prefixes: readonly string[],
  name: string,
  inputs: Inputs,
): readonly string[] {
  for (const line of lines) inputs.attempt(name, () => parseRenderId(line, prefixes), line)
  return [...new Set(lines)]
}

function readInstant(inputs: Inputs): Date | undefined {
  const instant = inputs.parseOptional('recovered-to', parsePointInTime)
  if (instant === 'latest') inputs.problem('recovered-to', 'expected an instant, not latest')
  return instant === 'latest' ? undefined : instant
}

function parseHealthUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new RangeError('expected a URL such as https://logi.example.com/up')
  if (url.username !== '' || url.password !== '') throw new RangeError('the URL must not contain credentials')
  return text
}

function parseCount(text: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new RangeError(`expected a whole number from ${least} to ${most}`)
  return value
}
