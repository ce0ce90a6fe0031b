import { type ErrorCode, errorMessage, OperatorError } from '../core/errors.ts'

/** What can be read off an error of the SDK or of the network below it. */
interface Facts {
  readonly name: string
  readonly status: number | undefined
  readonly message: string
  readonly requestId: string | undefined
}

const EXPIRED = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'InvalidToken',
  'TokenRefreshRequired',
])

/** Errors that pass by themselves although their status does not say so; the first three are bytes damaged on the way. */
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

/** There is no room. Whoever makes some takes longer than a dump may hold its snapshot. Ceph; MinIO; a quota of Ceph, with 403. */
const FULL = new Set(['InsufficientCapacity', 'XMinioStorageFull', 'QuotaExceeded'])

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
  if (FULL.has(name)) return false
  return status !== undefined && (status === 408 || status === 429 || (status >= 500 && status !== 501))
}

export function isNotFound(error: unknown): boolean {
  const { name, status } = factsOf(error)
  return status === 404 || name === 'NoSuchUpload' || name === 'NoSuchKey' || name === 'NotFound'
}

export function isDenied(error: unknown): boolean {
  const { name, status } = factsOf(error)
  return DENIED.has(name) || status === 403 || status === 401
}

/**
 * A refusal of an upload that may be meant for the checksum that was asked for: older stores word it in many ways. Asking once more
 * without it tells.
 */
export function mayLackChecksums(error: unknown): boolean {
  const { name, status } = factsOf(error)
  return (
    status === 501 ||
    (status === 400 && /^(InvalidRequest|InvalidArgument|NotImplemented|BadRequest|400)$/.test(name))
  )
}

/** The store knows no conditional writes: it says so, or names the condition in its refusal. */
export function lacksConditions(error: unknown): boolean {
  const { status, message } = factsOf(error)
  return isNotImplemented(error) || (status === 400 && /if-none-match|conditional/i.test(message))
}

/** The store says that it cannot do this at all. */
function isNotImplemented(error: unknown): boolean {
  const { name, status } = factsOf(error)
  return status === 501 || name === 'NotImplemented'
}

/** A request that was answered "this exists already" by a condition of ours. */
export function isPreconditionFailed(error: unknown): boolean {
  const { name, status } = factsOf(error)
  return status === 412 || name === 'PreconditionFailed'
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
export function storeError(error: unknown, what: string, where: string): OperatorError {
  if (error instanceof OperatorError) return error
  const facts = factsOf(error)
  const { code, hint } = explain(error, facts)
  const status =
    facts.status === undefined
      ? ''
      : ` (HTTP ${facts.status}${facts.requestId ? `, request ${facts.requestId}` : ''})`
  return new OperatorError(code, `Could not ${what} in ${where}: ${storeErrorText(error)}${status}.`, {
    hint,
    httpStatus: facts.status,
    providerCode: facts.name,
    cause: error,
  })
}

function explain(error: unknown, { name, status, message }: Facts): { code: ErrorCode; hint: string } {
  if (name === 'CredentialsProviderError') {
    return {
      code: 'STORE_DENIED',
      hint: 'No credentials were found. Set AWS_ROLE_ARN and give the job the permission id-token: write, run aws-actions/configure-aws-credentials before this step, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    }
  }
  if (/sts:AssumeRoleWithWebIdentity|OpenIDConnect provider/i.test(message) || name === 'IDPRejectedClaim') {
    return {
      code: 'STORE_DENIED',
      hint: 'AWS does not let this workflow assume the role in AWS_ROLE_ARN: compare its trust policy with the repository, the branch and the environment (examples/aws-oidc), and look whether the account has GitHub as an identity provider.',
    }
  }
  if (EXPIRED.has(name)) {
    return {
      code: 'STORE_DENIED',
      hint: 'The credentials ran out during the run. Raise role-duration-seconds of the step that fetched them.',
    }
  }
  if (FULL.has(name)) {
    return {
      code: 'STORE_FAILED',
      hint: 'The store is full, or a quota is used up: make room or raise the quota, then run the step again.',
    }
  }
  if (isDenied(error)) {
    return {
      code: 'STORE_DENIED',
      hint: 'Check the credentials, and that their policy allows this on the bucket and prefix.',
    }
  }
  if (name === 'NoSuchBucket')
    return { code: 'STORE_NOT_FOUND', hint: 'Check the bucket in destination, the region and the endpoint.' }
  if (isNotFound(error)) return { code: 'STORE_NOT_FOUND', hint: 'Check destination, region and endpoint.' }
  if (
    status === 301 ||
    status === 307 ||
    name === 'PermanentRedirect' ||
    name === 'AuthorizationHeaderMalformed'
  ) {
    return { code: 'STORE_FAILED', hint: "The bucket lies in another region: set s3-region to the bucket's." }
  }
  if (status === undefined && isTransient(error)) {
    return {
      code: 'STORE_UNREACHABLE',
      hint: 'Check s3-endpoint and the network between this machine and the store.',
    }
  }
  return {
    code: 'STORE_FAILED',
    hint: "Look up the error name in the store's documentation; with the request id its support can find the request.",
  }
}

/** Looks through an OperatorError at the error that caused it, so that callers can go on deciding. */
function factsOf(error: unknown): Facts {
  if (error instanceof OperatorError) return factsOf(error.cause)
  const { $metadata, code, Code, name } = asRecord(error)
  const { httpStatusCode, requestId } = asRecord($metadata)
  const status = typeof httpStatusCode === 'number' ? httpStatusCode : undefined
  const names = [Code, status === undefined ? code : undefined, name].filter(
    value => typeof value === 'string',
  )
  return {
    name: names[0] ?? 'Error',
    status,
    message: errorMessage(error).replace(/\.$/, ''),
    requestId: typeof requestId === 'string' ? requestId : undefined,
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object'
    ? Object.fromEntries([
        ...Object.entries(value),
        ...(value instanceof Error ? [['name', value.name] as const] : []),
      ])
    : {}
}
