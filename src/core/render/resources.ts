import { addedLater, flag, list, object, type Read, type Shape, text } from '../json/decode.ts'

/**
 * What Render's API answers, as far as it is read here. States stay texts: the API may add values.
 * Source: render-oss/cli pkg/client/postgres/postgres_gen.go; render-oss/terraform-provider-render cassettes.
 */

/** A list that is null, or left out, when it is empty. */
function orEmpty<T>(shape: Shape<T>): Shape<readonly T[]> {
  const read = addedLater(list(shape))
  return (value, path) => read(value, path) ?? []
}

const orBlank: Shape<string> = (value, path) => addedLater(text)(value, path) ?? ''

const orNo: Shape<boolean> = (value, path) => addedLater(flag)(value, path) ?? false

export const allowEntry = object({ cidrBlock: text, description: orBlank })
/** One line of an IP allow list. */
export type AllowEntry = Read<typeof allowEntry>

export const renderDatabase = object({
  /** `dpg-…-a` */
  id: text,
  name: text,
  createdAt: text,
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
  owner: addedLater(object({ id: orBlank, name: orBlank })),
})
/** A Postgres instance at Render. */
export type RenderDatabase = Read<typeof renderDatabase>

export const recoveryInfo = object({ recoveryStatus: orBlank, startsAt: addedLater(text) })
export type RecoveryInfo = Read<typeof recoveryInfo>

export const logicalExport = object({ id: text, createdAt: text, url: orBlank })
export type LogicalExport = Read<typeof logicalExport>

export const connectionInfo = object({
  internalConnectionString: text,
  externalConnectionString: text,
})

export const environment = object({ id: text, name: orBlank, protectedStatus: orBlank })
export type RenderEnvironment = Read<typeof environment>

export const service = object({
  id: text,
  name: text,
  /** `web_service`, `private_service`, `background_worker`, `cron_job`, `static_site`. */
  type: text,
  suspended: orBlank,
  serviceDetails: addedLater(
    object({ url: orBlank, maintenanceMode: addedLater(object({ enabled: orNo })) }),
  ),
})
export type RenderService = Read<typeof service>

export const deploy = object({
  id: text,
  status: orBlank,
  trigger: orBlank,
  createdAt: text,
})
export type RenderDeploy = Read<typeof deploy>

export const environmentVariable = object({ key: text, value: orBlank })
export type EnvironmentVariable = Read<typeof environmentVariable>

export const environmentGroup = object({
  id: text,
  name: text,
  envVars: orEmpty(environmentVariable),
  serviceLinks: orEmpty(object({ id: text, name: orBlank })),
})
export type EnvironmentGroup = Read<typeof environmentGroup>

/** An id as Render writes them, `dpg-…`, `srv-…`. Throws a RangeError. */
export function parseRenderId(text: string, prefixes: readonly string[]): string {
  if (prefixes.some(prefix => new RegExp(`^${prefix}-[a-z0-9]{4,40}(-[a-z])?$`).test(text))) return text
  throw new RangeError(`expected an id such as ${prefixes.map(prefix => `${prefix}-…`).join(' or ')}`)
}

/** The id of a Postgres instance. Throws a RangeError. */
export const parseDatabaseId = (text: string) => parseRenderId(text, ['dpg'])
