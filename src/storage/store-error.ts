import { type ErrorCode, OperatorError } from '../core/errors.ts'
import { proxyVariableFor, renderProxy } from '../net/proxies.ts'
import type { StoreConfig } from './client.ts'
import { factsOf, type RequestFacts } from './error-facts.ts'

const EXPIRED = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'InvalidToken',
  'TokenRefreshRequired',
])

/**
 * Errors that pass by themselves although their status does not say so; the first three are bytes damaged on
 * the way.
 */
const TRANSIENT = new Set([
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
  'RequestTimeout',
  'RequestCanceled',
  'TimeoutError',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'OperationAborted',
  'ConditionalRequestConflict',
  'IDPCommunicationError',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/**
 * Out of space. Not repeated: freeing space takes longer than a dump may hold its snapshot. Ceph; MinIO; a
 * quota of Ceph, with 403.
 */
const FULL = new Set(['InsufficientCapacity', 'XMinioStorageFull', 'QuotaExceeded'])

/** AWS has no room for fast retrievals at the moment, which may last for hours. */
const NO_EXPEDITED = 'GlacierExpeditedRetrievalNotAvailable'

const DENIED = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'AllAccessDisabled',
  'CredentialsProviderError',
  'Forbidden',
  'InvalidIdentityToken',
  'IDPRejectedClaim',
])

/** The credentials ran out; with fresh ones the same request may pass. */
export function isExpired(error: unknown): boolean {
  return EXPIRED.has(factsOf(error).name)
}

/** Trying again may help: the network, a throttle, or a server error other than "not implemented". */
export function isTransient(error: unknown): boolean {
  const { name, status } = factsOf(error)
  if (TRANSIENT.has(name)) return true
  if (FULL.has(name) || name === NO_EXPEDITED) return false
  return status !== undefined && (status === 408 || status === 429 || (status >= 500 && status !== 501))
}

export function isNotFound(error: unknown): boolean {
  const { name, status } = factsOf(error)
  return status === 404 || name === 'NoSuchUpload' || name === 'NoSuchKey' || name === 'NotFound'
}

/** The object is in cold storage and has to be restored before it can be read. S3 says it with 403. */
export function isArchived(error: unknown): boolean {
  return factsOf(error).name === 'InvalidObjectState'
}

export function isDenied(error: unknown): boolean {
  const { name, status } = factsOf(error)
  return !isArchived(error) && (DENIED.has(name) || status === 403 || status === 401)
}

/**
 * A refusal that may be meant for something the request asked for beyond the plain operation: a checksum, a
 * storage class, tags, encryption. Stores word it in many ways; asking again without it tells.
 */
export function mayLackFeature(error: unknown): boolean {
  const { name, status } = factsOf(error)
  return (
    status === 501 ||
    (status === 400 &&
      (/^(InvalidRequest|InvalidArgument|NotImplemented|BadRequest|400)$/.test(name) ||
        /StorageClass|Tag|Encryption|KMS/i.test(name)))
  )
}

/** The store knows no conditional writes: it says so, or names the condition in its refusal. */
export function lacksConditions(error: unknown): boolean {
  const { name, status, message } = factsOf(error)
  const isNotImplemented = status === 501 || name === 'NotImplemented'
  return isNotImplemented || (status === 400 && /if-none-match|conditional/i.test(message))
}

/** A request that was answered "this exists already" by a condition of ours. */
export function isPreconditionFailed(error: unknown): boolean {
  const { name, status } = factsOf(error)
  return status === 412 || name === 'PreconditionFailed'
}

/** Errors before a request is sent: no connection came about. */
const UNSENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

/** The request had no effect: the store refused it, or it was never sent. */
export function hadNoEffect(error: unknown): boolean {
  const { name, status, attempts } = factsOf(error)
  return status === undefined ? UNSENT.has(name) : attempts === 1 && status >= 400 && status < 500
}

/** The store's own name of an error: `InvalidRange`, `NoSuchKey`. */
export function storeErrorName(error: unknown): string {
  return factsOf(error).name
}

/** `SlowDown: Please reduce your request rate`: a store's text alone may say nothing. */
export function storeErrorText(error: unknown): string {
  const { name, message } = factsOf(error)
  return `${name}: ${message}`
}

/** An error for the operator: `what` was being done, at which address. */
export function storeError(
  error: unknown,
  what: string,
  where: string,
  config: Pick<StoreConfig, 'endpoint' | 'proxies'>,
): OperatorError {
  if (error instanceof OperatorError) return error
  const facts = factsOf(error)
  const { code, hint } = explain(error, facts, config)
  const request = facts.requestId ? `, request ${facts.requestId}` : ''
  const status = facts.status === undefined ? '' : ` (HTTP ${facts.status}${request})`
  const message = `Could not ${what} in ${where}: ${storeErrorText(error)}${status}.`
  return new OperatorError(code, message, {
    hint,
    httpStatus: facts.status,
    providerCode: facts.name,
    cause: error,
  })
}

interface StoreErrorRule {
  readonly applies: (facts: RequestFacts, error: unknown) => boolean
  readonly code: ErrorCode
  readonly hint: string
}

/** The first that applies explains an error. */
const RULES: readonly StoreErrorRule[] = [
  {
    applies: ({ name }) => name === 'CredentialsProviderError',
    code: 'STORE_DENIED',
    hint: 'No credentials were found. Set AWS_ROLE_ARN and give the job the permission id-token: write, run aws-actions/configure-aws-credentials before this step, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  },
  {
    applies: ({ name, message }) =>
      name === 'IDPRejectedClaim' || /sts:AssumeRoleWithWebIdentity|OpenIDConnect provider/i.test(message),
    code: 'STORE_DENIED',
    hint: 'AWS does not let this workflow assume the role in AWS_ROLE_ARN: compare its trust policy with the repository, the branch and the environment (examples/aws-oidc), and look whether the account has GitHub as an identity provider.',
  },
  {
    applies: ({ name }) => EXPIRED.has(name),
    code: 'STORE_DENIED',
    hint: 'The credentials ran out during the run. Raise role-duration-seconds of the step that fetched them.',
  },
  {
    applies: ({ name }) => FULL.has(name),
    code: 'STORE_FAILED',
    hint: 'The store is full, or a quota is used up: make room or raise the quota, then run the step again.',
  },
  {
    applies: ({ name }) => name === NO_EXPEDITED,
    code: 'STORE_FAILED',
    hint: 'AWS has no capacity for expedited retrievals now. Set thaw to standard.',
  },
  {
    // A forwarded request is answered by the proxy itself; a refused tunnel is an error of Node.
    applies: ({ name, status }) => status === 407 || name === 'ERR_PROXY_TUNNEL',
    code: 'STORE_UNREACHABLE',
    hint: 'The proxy refused the request. Credentials belong into its address: http://user:password@host:port.',
  },
  {
    applies: (_, error) => isArchived(error),
    code: 'BACKUP_UNUSABLE',
    hint: 'The object is in cold storage. Restore it with aws s3api restore-object, and exclude manifests/ and the records from the lifecycle rule.',
  },
  {
    applies: (_, error) => isDenied(error),
    code: 'STORE_DENIED',
    hint: 'Check the credentials, and that their policy allows this on the bucket and prefix.',
  },
  {
    applies: ({ name }) => name === 'NoSuchBucket',
    code: 'STORE_NOT_FOUND',
    hint: 'Check the bucket in destination, the region and the endpoint.',
  },
  {
    applies: (_, error) => isNotFound(error),
    code: 'STORE_NOT_FOUND',
    hint: 'Check destination, region and endpoint.',
  },
  {
    applies: ({ name, status }) =>
      status === 301 ||
      status === 307 ||
      name === 'PermanentRedirect' ||
      name === 'AuthorizationHeaderMalformed',
    code: 'STORE_FAILED',
    hint: "The bucket lies in another region: set s3-region to the bucket's.",
  },
  {
    applies: ({ status }, error) => status === undefined && isTransient(error),
    code: 'STORE_UNREACHABLE',
    hint: 'Check s3-endpoint and the network between this machine and the store.',
  },
]

const OTHERWISE: Pick<StoreErrorRule, 'code' | 'hint'> = {
  code: 'STORE_FAILED',
  hint: "Look up the error name in the store's documentation; with the request id its support can find the request.",
}

function explain(
  error: unknown,
  facts: RequestFacts,
  { endpoint, proxies = {} }: Pick<StoreConfig, 'endpoint' | 'proxies'>,
): Pick<StoreErrorRule, 'code' | 'hint'> {
  const { code, hint } = RULES.find(({ applies }) => applies(facts, error)) ?? OTHERWISE
  const proxy = proxyVariableFor(endpoint?.startsWith('http:') ? 'http:' : 'https:', proxies)
  if (code !== 'STORE_UNREACHABLE' || proxy === undefined) return { code, hint }
  return {
    code,
    hint: `${hint} Requests go through ${renderProxy(proxy, proxies)} unless NO_PROXY lists the host.`,
  }
}
