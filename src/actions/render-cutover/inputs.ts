import { parseDatabaseName } from '../../core/backup/bucket-layout.ts'
import { parseCutoverId } from '../../core/render/cutover-record.ts'
import { parseDatabaseId, parseRenderId } from '../../core/render/resources.ts'
import type { RenderConfig } from '../../render/client.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs, Read } from '../../runner/inputs.ts'
import { readRenderConfig } from '../../wiring/render-inputs.ts'
import { readRecoveredTo } from '../../wiring/restore-inputs.ts'
import { type BackupStore, readBackupStore } from '../../wiring/store-inputs.ts'
import { readWritableStore } from '../../wiring/write-inputs.ts'

const SERVICE_PREFIXES = ['srv', 'crn']
const GROUP_PREFIXES = ['evg']

interface HealthProbe {
  readonly url: string
  readonly status: number
  readonly probes: number
}

export interface CutoverInputs extends BackupStore {
  readonly render: RenderConfig
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
  const { location, store } = readBackupStore(
    inputs,
    environment,
    inputs.parse('database', parseDatabaseName),
  )
  return checkTogether(
    inputs,
    inputs.finish({
      render: readRenderConfig(inputs, environment),
      store: readWritableStore(inputs, store),
      location,
      oldId: inputs.parse('instance-id', parseDatabaseId),
      newId: inputs.parse('new-instance-id', parseDatabaseId),
      serviceIds: readIds(inputs, 'service-ids', SERVICE_PREFIXES),
      groupIds: readIds(inputs, 'env-group-ids', GROUP_PREFIXES),
      drillUri: inputs.optional('drill-uri'),
      skipVerification: inputs.optional('skip-verification'),
      confirm: inputs.optional('confirm'),
      dryRun: inputs.flag('dry-run'),
      undo: inputs.parseOptional('undo', parseCutoverId),
      recoveredTo: readRecoveredTo(inputs, 'recovered-to'),
      health: readHealthProbe(inputs),
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

function readHealthProbe(inputs: Inputs): Read<HealthProbe | undefined> {
  const given = {
    url: inputs.parseOptional('health-url', parseHealthUrl),
    status: inputs.parse('health-status', text => parseCount(text, 100, 599)),
    probes: inputs.parse('health-probes', text => parseCount(text, 1, 100)),
  }
  return inputs.combine(given, ({ url, ...read }) => (url === undefined ? undefined : { url, ...read }))
}

function readIds(inputs: Inputs, name: string, prefixes: readonly string[]): Read<readonly string[]> {
  const ids = inputs.parseLines(name, line => parseRenderId(line, prefixes))
  return inputs.combine({ ids }, read => [...new Set(read.ids)])
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
