import type { UploadPartCommand } from '@aws-sdk/client-s3'

/**
 * Signs the part's SHA-256 into the request. Every store compares it with the bytes that arrive, checksums or
 * not, and the SDK, which would hash the part once more, takes the header as it is.
 */
export function signPayload(command: UploadPartCommand, sha256: string): void {
  command.middlewareStack.add(
    next => args => {
      const { request } = args
      if (hasHeaders(request)) request.headers['x-amz-content-sha256'] = sha256
      return next(args)
    },
    { step: 'build', name: 'signPayload' },
  )
}

function hasHeaders(request: unknown): request is { headers: Record<string, string> } {
  return request !== null && typeof request === 'object' && 'headers' in request
}
