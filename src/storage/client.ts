import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { fromWebToken } from '@aws-sdk/credential-provider-web-identity'

/** A role of AWS, for whoever holds a token that its trust policy accepts. */
export interface AssumedRole {
  readonly arn: string
  /** Shown in CloudTrail. */
  readonly sessionName: string
  /** A new token; asked for again whenever the session of the role ends. */
  readonly requestToken: () => Promise<string>
}

/** Where the store is. Credentials come from the SDK's default chain (AWS_* variables, instance roles), or from a role. */
export interface StoreConfig {
  readonly bucket: string
  /** A store other than AWS; its buckets are addressed by path. */
  readonly endpoint: string | undefined
  readonly region: string
  readonly role?: AssumedRole | undefined
}

/** Requests in one SDK call; the outer retry (retry.ts) is the one with patience. */
const SDK_ATTEMPTS = 3
const CONNECT_TIMEOUT_MS = 10_000
/** A socket without a byte for this long is dead. Control requests get longer: a store may be silent while it assembles parts. */
const DATA_IDLE_TIMEOUT_MS = 60_000
const CONTROL_IDLE_TIMEOUT_MS = 15 * 60_000

/**
 * A client for object bytes (`data`) or for everything else (`control`). What is set here and why:
 * no `Expect: 100-continue`, which makes the SDK open a new connection for every part; checksums only where we ask for
 * them, because older stores refuse the SDK's own; timeouts, because the SDK has none.
 */
export function createClient(config: StoreConfig, plane: 'data' | 'control'): S3Client {
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
      httpAgent: { keepAlive: true, maxSockets: 32 },
      httpsAgent: { keepAlive: true, maxSockets: 32 },
    },
  }
  if (config.endpoint !== undefined)
    Object.assign(options, { endpoint: config.endpoint, forcePathStyle: true })
  if (config.role !== undefined) options.credentials = credentialsOf(config.role)
  return new S3Client(options)
}

/** The client asks again a few minutes before they run out. */
function credentialsOf({ arn, sessionName, requestToken }: AssumedRole): ReturnType<typeof fromWebToken> {
  return async properties => {
    const webIdentityToken = await requestToken()
    return fromWebToken({ roleArn: arn, roleSessionName: sessionName, webIdentityToken })(properties)
  }
}
