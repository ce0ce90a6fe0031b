/**
 * Decoders of unknown JSON. Each returns a typed value, or throws a RangeError that names the path:
 * `object.bytes: expected a whole number, found "12"`. Each also carries the JSON Schema of what it accepts,
 * from which docs/schemas is generated. Unknown keys are ignored: a later minor version may add some. Import
 * as `d`.
 */
export interface Decoder<T> {
  (value: unknown, path: string): T
  readonly schema: JsonSchema
  /** Whether a key with this decoder may be missing. */
  readonly isOptional: boolean
}

/** The part of JSON Schema (draft 2020-12) that describes our documents. */
export interface JsonSchema {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly JsonSchema[]
}

/** The type that a decoder returns. */
export type Decoded<D> = D extends Decoder<infer T> ? T : never

export const string = decoder<string>({ type: 'string' }, (value, path) =>
  typeof value === 'string' ? value : refuse(path, 'a text', value),
)

export const boolean = decoder<boolean>({ type: 'boolean' }, (value, path) =>
  typeof value === 'boolean' ? value : refuse(path, 'true or false', value),
)

/** Anything, missing included. */
export const unknown = decoder<unknown>({}, value => value, true)

/** Zero or more, exact: rows, bytes, milliseconds. */
export const nonNegativeInt = decoder<number>(
  { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  (value, path) =>
    Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : refuse(path, 'a whole number', value),
)

/** A time in RFC 3339 and UTC, kept as text. */
export const timestamp = decoder<string>(
  { type: 'string', format: 'date-time', pattern: '^\\d{4}-\\d\\d-\\d\\dT.*Z$' },
  (value, path) =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*Z$/.test(value) && !Number.isNaN(Date.parse(value))
      ? value
      : refuse(path, 'an instant such as 2026-11-23T03:15:00Z', value),
)

/** 64 lower-case hex digits. */
export const sha256 = decoder<string>({ type: 'string', pattern: '^[0-9a-f]{64}$' }, (value, path) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? value : refuse(path, 'a SHA-256 in hex', value),
)

export function oneOf<const T extends string>(values: readonly T[]): Decoder<T> {
  return decoder(
    { type: 'string', enum: values },
    (value, path) =>
      values.find(candidate => candidate === value) ??
      refuse(path, values.map(v => `"${v}"`).join(' or '), value),
  )
}

export function nullable<T>(of: Decoder<T>): Decoder<T | null> {
  return decoder<T | null>({ anyOf: [of.schema, { type: 'null' }] }, (value, path) =>
    value === null ? null : of(value, path),
  )
}

/** A key that older records lack; missing is null. */
export function optional<T>(of: Decoder<T>): Decoder<T | null> {
  const read = nullable(of)
  return decoder(read.schema, (value, path) => (value === undefined ? null : read(value, path)), true)
}

/** A key that may be missing or null, with the value that it then has. */
export function withDefault<T>(of: Decoder<T>, missing: T): Decoder<T> {
  const read = optional(of)
  return decoder(read.schema, (value, path) => read(value, path) ?? missing, true)
}

export function array<T>(of: Decoder<T>): Decoder<readonly T[]> {
  return decoder<readonly T[]>({ type: 'array', items: of.schema }, (value, path) =>
    Array.isArray(value) ? value.map((item, i) => of(item, `${path}[${i}]`)) : refuse(path, 'a list', value),
  )
}

export function object<F extends Record<string, Decoder<unknown>>>(
  fields: F,
): Decoder<{ readonly [K in keyof F]: Decoded<F[K]> }> {
  return decoder<{ readonly [K in keyof F]: Decoded<F[K]> }>(objectSchema(fields), (value, path) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      return refuse(path, 'an object', value)
    const source = new Map(Object.entries(value))
    const entries = Object.entries(fields).map(([key, field]) => {
      return [key, field(source.get(key), path === '' ? key : `${path}.${key}`)] as const
    })
    // The entries are exactly the keys of F, each read by its own decoder.
    return Object.fromEntries(entries) as { readonly [K in keyof F]: Decoded<F[K]> }
  })
}

function objectSchema(fields: Readonly<Record<string, Decoder<unknown>>>): JsonSchema {
  const entries = Object.entries(fields)
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([key, { schema }]) => [key, schema])),
    required: entries.filter(([, { isOptional }]) => !isOptional).map(([key]) => key),
  }
}

function decoder<T>(
  schema: JsonSchema,
  read: (value: unknown, path: string) => T,
  isOptional = false,
): Decoder<T> {
  return Object.assign((value: unknown, path: string) => read(value, path), { schema, isOptional })
}

function refuse(path: string, expected: string, found: unknown): never {
  const shown = found === undefined ? 'nothing' : (JSON.stringify(found)?.slice(0, 60) ?? typeof found)
  throw new RangeError(`${path === '' ? 'the document' : path}: expected ${expected}, found ${shown}`)
}
