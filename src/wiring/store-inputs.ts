import type { Destination } from '../core/backup/bucket-layout.ts'
import type { Environment } from '../runner/environment.ts'
import { mayAskForIdToken, requestIdToken } from '../runner/id-token.ts'
import type { Inputs } from '../runner/inputs.ts'
import type { AssumedRole, StoreConfig } from '../storage/client.ts'

/** Region of a store that has none: what the SDK signs with. */
const ANY_REGION = 'us-east-1'

/** The inputs s3-endpoint and s3-region, which every action that touches the bucket has, with the AWS_* variables behind them. */
export function readStoreConfig(
  inputs: Inputs,
  environment: Environment,
  destination: Destination,
): StoreConfig {
  const { variables } = environment
  const endpoint =
    inputs.parseOptional('s3-endpoint', parseEndpoint) ??
    (variables.AWS_ENDPOINT_URL_S3 || variables.AWS_ENDPOINT_URL || undefined)
  const region =
    inputs.optional('s3-region') ??
    (variables.AWS_REGION || variables.AWS_DEFAULT_REGION || (endpoint && ANY_REGION))
  if (!region) inputs.problem('s3-region', 'is required where AWS_REGION is not set')
  return { bucket: destination?.bucket ?? '', endpoint, region: region ?? '', role: readRole(environment) }
}

/**
 * AWS_ROLE_ARN without keys and without a token file beside it: the role is assumed here, with a new token from GitHub each
 * time the credentials run out, so that a dump may take longer than a session lasts.
 */
function readRole({ variables, run }: Environment): AssumedRole | undefined {
  const { AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME, AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE } = variables
  if (!AWS_ROLE_ARN || AWS_ACCESS_KEY_ID || AWS_WEB_IDENTITY_TOKEN_FILE || !mayAskForIdToken(variables))
    return undefined
  return {
    arn: AWS_ROLE_ARN,
    sessionName: AWS_ROLE_SESSION_NAME || `pg-runbook-${run.runId}`,
    requestToken: () => requestIdToken('sts.amazonaws.com'),
  }
}

function parseEndpoint(text: string): string {
  if (!URL.canParse(text) || !/^https?:\/\/[^/]+\/?$/.test(text))
    throw new RangeError('expected a URL such as https://s3.example.com')
  return text
}
