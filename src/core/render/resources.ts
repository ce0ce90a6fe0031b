import * as d from '../json/decode.ts'

/**
 * What Render's API answers, as far as it is read here. States stay texts: the API may add values.
 * Source: render-oss/cli pkg/client/postgres/postgres_gen.go; render-oss/terraform-provider-render cassettes.
 */

const orBlank = d.withDefault(d.string, '')
const orNo = d.withDefault(d.boolean, false)

/** A list that is null, or left out, when it is empty. */
function orEmpty<T>(of: d.Decoder<T>): d.Decoder<readonly T[]> {
  return d.withDefault(d.array(of), [])
}

export const allowEntry = d.object({ cidrBlock: d.string, description: orBlank })
/** One line of an IP allow list. */
export type AllowEntry = d.Decoded<typeof allowEntry>

export const renderDatabase = d.object({
  /** `dpg-…-a` */
  id: d.string,
  name: d.string,
  createdAt: d.string,
  plan: orBlank,
  region: orBlank,
  version: orBlank,
  /** `available`, `creating`, `unknown` and others. */
  status: orBlank,
  /** `suspended` or `not_suspended`. */
  suspended: orBlank,
  databaseName: orBlank,
  databaseUser: orBlank,
  highAvailabilityEnabled: orNo,
  environmentId: orBlank,
  ipAllowList: orEmpty(allowEntry),
  /** Of a read replica: its primary. */
  primaryPostgresID: orBlank,
  dashboardUrl: orBlank,
  owner: d.optional(d.object({ id: orBlank, name: orBlank })),
})
/** A Postgres instance at Render. */
export type RenderDatabase = d.Decoded<typeof renderDatabase>

export const recoveryInfo = d.object({ recoveryStatus: orBlank, startsAt: d.optional(d.string) })
export type RecoveryInfo = d.Decoded<typeof recoveryInfo>

export const logicalExport = d.object({ id: d.string, createdAt: d.string, url: orBlank })
export type LogicalExport = d.Decoded<typeof logicalExport>

export const connectionInfo = d.object({
  internalConnectionString: d.string,
  externalConnectionString: d.string,
})

export const environment = d.object({ id: d.string, name: orBlank, protectedStatus: orBlank })
export type RenderEnvironment = d.Decoded<typeof environment>

export const service = d.object({
  id: d.string,
  name: d.string,
  /** `web_service`, `private_service`, `background_worker`, `cron_job`, `static_site`. */
  type: d.string,
  suspended: orBlank,
  serviceDetails: d.optional(
    d.object({ url: orBlank, maintenanceMode: d.optional(d.object({ enabled: orNo })) }),
  ),
})
export type RenderService = d.Decoded<typeof service>

export const deploy = d.object({
  id: d.string,
  status: orBlank,
  trigger: orBlank,
  createdAt: d.string,
})
export type RenderDeploy = d.Decoded<typeof deploy>

export const environmentVariable = d.object({ key: d.string, value: orBlank })
export type EnvironmentVariable = d.Decoded<typeof environmentVariable>

export const environmentGroup = d.object({
  id: d.string,
  name: d.string,
  envVars: orEmpty(environmentVariable),
  serviceLinks: orEmpty(d.object({ id: d.string, name: orBlank })),
})
export type EnvironmentGroup = d.Decoded<typeof environmentGroup>

/** An id as Render writes them, `dpg-…`, `srv-…`. Throws a RangeError. */
export function parseRenderId(text: string, prefixes: readonly string[]): string {
  if (prefixes.some(prefix => new RegExp(`^${prefix}-[a-z0-9]{4,40}(-[a-z])?$`).test(text))) return text
  throw new RangeError(`expected an id such as ${prefixes.map(prefix => `${prefix}-…`).join(' or ')}`)
}

/** The id of a Postgres instance. Throws a RangeError. */
export const parseDatabaseId = (text: string) => parseRenderId(text, ['dpg'])
