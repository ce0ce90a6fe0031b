import { type Destination, type Location, parseDestination } from '../core/backup/bucket-layout.ts'
import { cleanSetting } from '../core/backup/clean-setting.ts'
import { parseEndpoint } from '../core/backup/store-endpoint.ts'
import { Secret } from '../core/secret.ts'
import { pickProxyVariables } from '../net/proxies.ts'
import type { Environment } from '../runner/environment.ts'
import { mayAskForIdToken, requestIdToken } from '../runner/id-token.ts'
import { type Inputs, type Read, Refused } from '../runner/inputs.ts'
import { jsonWithoutSecrets, maskSecret } from '../runner/secrets.ts'
import type { AccessKeys, AssumedRole, StoreConfig } from '../storage/client.ts'

/** Region of a store that has none: what the SDK signs with. */
export const ANY_REGION = 'us-east-1'

/** A variable of the environment without white space around it; undefined where it is not set. */
type ReadVariable = (name: string) => string | undefined

/** Where the backups of a database are, and how to reach the bucket. */
export interface BackupStore {
  readonly location: Location
  readonly store: StoreConfig
}

/** The inputs destination, s3-endpoint and s3-region; `database` is the logical name. */
export function readBackupStore(
  inputs: Inputs,
  environment: Environment,
  database: Read<string>,
): { readonly [Part in keyof BackupStore]: Read<BackupStore[Part]> } {
  const destination = inputs.parse('destination', parseDestination)
  return {
    location: inputs.combine({ destination, database }, read => ({
      prefix: read.destination.prefix,
      database: read.database,
    })),
    store: readStoreConfig(inputs, environment, destination),
  }
}

/** Credentials other than those in the AWS_* variables. */
interface OwnCredentials {
  /** They are in `<name>_ACCESS_KEY_ID` and `<name>_SECRET_ACCESS_KEY`. */
  readonly name: string | undefined
  readonly roleArn: string | undefined
}

/** The inputs s3-endpoint and s3-region, with the AWS_* variables behind them. */
export function readStoreConfig(
  inputs: Inputs,
  environment: Environment,
  destination: Read<Destination>,
  own: Read<OwnCredentials> = { name: undefined, roleArn: undefined },
): Read<StoreConfig> {
  const notices: string[] = []
  const variable = variableReader(inputs, environment, notices)
  // Without a bucket the other settings are still checked.
  const bucket = destination instanceof Refused ? '' : destination.bucket
  const endpoint = readEndpoint(inputs, bucket, variable, notices)
  const region = readRegion(inputs, endpoint, variable)
  const credentials = own instanceof Refused ? own : readCredentials(inputs, environment, variable, own)
  return inputs.combine({ destination, endpoint, region, credentials }, read => ({
    bucket,
    endpoint: read.endpoint,
    region: read.region,
    ...read.credentials,
    proxies: pickProxyVariables(environment.variables),
    notices,
    scrub: jsonWithoutSecrets,
  }))
}

function readRegion(
  inputs: Inputs,
  endpoint: Read<string | undefined>,
  variable: ReadVariable,
): Read<string> {
  const region = inputs.optional('s3-region') ?? variable('AWS_REGION') ?? variable('AWS_DEFAULT_REGION')
  if (region !== undefined) return region
  return endpoint === undefined
    ? inputs.problem('s3-region', 'is required where AWS_REGION is not set')
    : ANY_REGION
}

function variableReader(inputs: Inputs, { variables }: Environment, notices: string[]): ReadVariable {
  return name => {
    const text = variables[name]
    if (!text) return undefined
    const setting = inputs.attempt(name, () => cleanSetting(name, text))
    if (setting instanceof Refused) return undefined
    if (setting.notice !== undefined) notices.push(setting.notice)
    return setting.value || undefined
  }
}

function readEndpoint(
  inputs: Inputs,
  bucket: string,
  variable: ReadVariable,
  notices: string[],
): Read<string | undefined> {
  const endpoint =
    inputs.optional('s3-endpoint') === undefined
      ? (endpointFrom('AWS_ENDPOINT_URL_S3') ?? endpointFrom('AWS_ENDPOINT_URL'))
      : inputs.parse('s3-endpoint', text => parseEndpoint(text, bucket))
  if (endpoint instanceof Refused || endpoint === undefined) return endpoint
  if (endpoint.notice !== undefined) notices.push(endpoint.notice)
  return endpoint.url

  function endpointFrom(name: string) {
    const text = variable(name)
    return text === undefined ? undefined : inputs.attempt(name, () => parseEndpoint(text, bucket), text)
  }
}

function readCredentials(
  inputs: Inputs,
  environment: Environment,
  variable: ReadVariable,
  { name, roleArn }: OwnCredentials,
): Read<Pick<StoreConfig, 'keys' | 'role'>> {
  if (roleArn !== undefined)
    return mayAskForIdToken(environment.variables)
      ? { role: roleOf(roleArn, environment) }
      : inputs.problem('role-arn', 'needs a job with the permission id-token: write')
  if (name !== undefined) {
    const keys = readKeys(variable, name)
    const variables = `${name}_ACCESS_KEY_ID and ${name}_SECRET_ACCESS_KEY`
    return keys === undefined
      ? inputs.problem('credentials', `${variables} are not set in the environment of this step`)
      : { keys }
  }
  // With a profile the SDK reads keys from its files.
  const keys = variable('AWS_PROFILE') === undefined ? readKeys(variable, 'AWS') : undefined
  return { keys, role: readRole(environment, variable) }
}

/** Read here and not by the SDK, which would send a line break along. */
function readKeys(variable: ReadVariable, name: string): AccessKeys | undefined {
  const accessKeyId = variable(`${name}_ACCESS_KEY_ID`)
  const secretAccessKey = readSecret(variable, `${name}_SECRET_ACCESS_KEY`)
  const sessionToken = readSecret(variable, `${name}_SESSION_TOKEN`)
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey, sessionToken }
}

function readSecret(variable: ReadVariable, name: string): Secret | undefined {
  const value = variable(name)
  if (value === undefined) return undefined
  maskSecret(value)
  return new Secret(value)
}

/**
 * AWS_ROLE_ARN without keys and without a token file: the role is assumed here, with a new token from GitHub
 * each time the credentials run out, so that a dump may take longer than a session lasts.
 */
function readRole(environment: Environment, variable: ReadVariable): AssumedRole | undefined {
  const arn = variable('AWS_ROLE_ARN')
  const { AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE } = environment.variables
  if (!arn || AWS_ACCESS_KEY_ID || AWS_WEB_IDENTITY_TOKEN_FILE || !mayAskForIdToken(environment.variables))
    return undefined
  return roleOf(arn, environment)
}

function roleOf(arn: string, { variables, run }: Environment): AssumedRole {
  return {
    arn,
    sessionName: variables.AWS_ROLE_SESSION_NAME || `pg-runbook-${run.runId}`,
    requestToken: () => requestIdToken('sts.amazonaws.com'),
  }
}
