import { errorMessage, OperatorError } from '../core/errors.ts'

/** What can be read off an error of the SDK or of the network below it. */
export interface RequestFacts {
  /** The store's own name of it, `NoSuchKey`, or that of the network, `ECONNRESET`. */
  readonly name: string
  /** Of HTTP; undefined where there was no answer. */
  readonly status: number | undefined
  readonly message: string
  readonly requestId: string | undefined
  /** How often the SDK sent the request. */
  readonly attempts: number
}

/** Reads the facts of an error, or of what caused it. */
export function factsOf(error: unknown): RequestFacts {
  if (error instanceof OperatorError) return factsOf(error.cause)
  const { $metadata, code, Code, name } = asRecord(error)
  const { httpStatusCode, requestId, attempts } = asRecord($metadata)
  const status = typeof httpStatusCode === 'number' ? httpStatusCode : undefined
  const names = [Code, status === undefined ? code : undefined, name].filter(
    value => typeof value === 'string',
  )
  return {
    name: names[0] ?? 'Error',
    status,
    message: errorMessage(error).replace(/\.$/, ''),
    requestId: typeof requestId === 'string' ? requestId : undefined,
    attempts: typeof attempts === 'number' ? attempts : 1,
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== 'object') return {}
  const own = Object.entries(value)
  return Object.fromEntries(value instanceof Error ? [...own, ['name', value.name]] : own)
}
