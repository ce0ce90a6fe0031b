import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { fromWebToken } from '@aws-sdk/credential-provider-web-identity'
import type { Secret } from '../core/secret.ts'
import { createAgents, type ProxyVariables } from '../net/proxies.ts'
import type { ObjectTags, ServerSideEncryption } from './objects.ts'

/** A role of AWS, for the holder of a token that its trust policy accepts. */
export interface AssumedRole {
  readonly arn: string
  /** Shown in CloudTrail. */
  readonly sessionName: string
  /** A new token; asked for again whenever the session of the role ends. */
  readonly requestToken: () => Promise<string>
}

export interface AccessKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  readonly sessionToken: Secret | undefined
}

/**
 * Where the store is. Without keys and role, credentials come from the SDK's default chain (instance roles,
 * files).
 */
export interface StoreConfig {
  readonly bucket: string
  /** A store other than AWS; its buckets are addressed by path. */
  readonly endpoint: string | undefined
  readonly region: string
  readonly role?: AssumedRole | undefined
  readonly keys?: AccessKeys | undefined
  readonly proxies?: ProxyVariables
  /** What every object that is written carries. */
  readonly sse?: ServerSideEncryption | undefined
  readonly tags?: ObjectTags
  /** What was repaired in the settings: sentences for the log. */
  readonly notices?: readonly string[]
  /** Removes secrets from a JSON document before it is stored; `publicName` is its bucket and key. */
  readonly scrub?: (json: string, publicName: string) => string
}

/** Requests in one SDK call; the outer retry (net/retry.ts) is the one with patience. */
const SDK_ATTEMPTS = 3
const CONNECT_TIMEOUT_MS = 10_000
/**
 * A socket without a byte for this long is dead. Control requests get longer: a store may be silent while it
 * assembles parts.
 */
const DATA_IDLE_TIMEOUT_MS = 60_000
const CONTROL_IDLE_TIMEOUT_MS = 15 * 60_000
const MAX_SOCKETS = 32

/** The connections of one store, which its clients share: opening one takes up to three round trips. */
export type Agents = ReturnType<typeof createAgents>

export function createStoreAgents({ proxies = {} }: StoreConfig): Agents {
  return createAgents(proxies, { maxSockets: MAX_SOCKETS })
}

/**
 * A client for object bytes (`data`) or for everything else (`control`). What is set here and why: no
 * `Expect: 100-continue`, which makes the SDK open a new connection for every part; checksums only where we
 * ask for them, because older stores refuse the SDK's own; timeouts, because the SDK has none; agents that
 * know proxies, which the SDK uses for STS too.
 */
export function createClient(config: StoreConfig, plane: 'data' | 'control', agents: Agents): S3Client {
  const idle = plane === 'data' ? DATA_IDLE_TIMEOUT_MS : CONTROL_IDLE_TIMEOUT_MS
  const options: S3ClientConfig = {
    region: config.region,
    maxAttempts: SDK_ATTEMPTS,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: idle,
      ...agents,
    },
  }
  if (config.endpoint !== undefined)
    Object.assign(options, { endpoint: config.endpoint, forcePathStyle: true })
  if (config.keys !== undefined) options.credentials = revealKeys(config.keys)
  else if (config.role !== undefined) options.credentials = credentialsOf(config.role)
  return new S3Client(options)
}

function revealKeys({ accessKeyId, secretAccessKey, sessionToken }: AccessKeys) {
  return {
    accessKeyId,
    secretAccessKey: secretAccessKey.reveal(),
    ...(sessionToken && { sessionToken: sessionToken.reveal() }),
  }
}

/** The client asks again a few minutes before they run out. */
function credentialsOf({ arn, sessionName, requestToken }: AssumedRole): ReturnType<typeof fromWebToken> {
  return async properties => {
    const webIdentityToken = await requestToken()
    return fromWebToken({ roleArn: arn, roleSessionName: sessionName, webIdentityToken })(properties)
  }
}
