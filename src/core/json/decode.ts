/**
 * Reads unknown JSON into a typed value, or throws a RangeError that names the path: `object.bytes: expected a whole
 * number, found "12"`. Unknown keys are passed over: a minor version may add some.
 */
export type Shape<T> = (value: unknown, path: string) => T

/** The type that a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never

export const text: Shape<string> = (value, path) =>
  typeof value === 'string' ? value : refuse(path, 'a text', value)

export const flag: Shape<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : refuse(path, 'true or false', value)

/** Zero or more, exact: rows, bytes, milliseconds. */
export const whole: Shape<number> = (value, path) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : refuse(path, 'a whole number', value)

/** An instant in RFC 3339, kept as text. */
export const instant: Shape<string> = (value, path) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*Z$/.test(value) && !Number.isNaN(Date.parse(value))
    ? value
    : refuse(path, 'an instant such as 2026-11-23T03:15:00Z', value)

/** 64 lower-case hex digits. */
export const sha256: Shape<string> = (value, path) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? value : refuse(path, 'a SHA-256 in hex', value)

export function oneOf<const T extends string>(values: readonly T[]): Shape<T> {
  return (value, path) =>
    values.find(candidate => candidate === value) ??
    refuse(path, values.map(v => `"${v}"`).join(' or '), value)
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value, path) => (value === null ? null : shape(value, path))
}

/** What older records do not have: null there. */
export function addedLater<T>(shape: Shape<T>): Shape<T | null> {
  return (value, path) => (value === undefined ? null : nullable(shape)(value, path))
}

export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, path) =>
    Array.isArray(value)
      ? value.map((item, i) => shape(item, `${path}[${i}]`))
      : refuse(path, 'a list', value)
}

export function object<S extends Record<string, Shape<unknown>>>(
  shapes: S,
): Shape<{ readonly [K in keyof S]: Read<S[K]> }> {
  return (value, path) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      return refuse(path, 'an object', value)
    const source = new Map(Object.entries(value))
    const entries = Object.entries(shapes).map(([key, shape]) => {
      return [key, shape(source.get(key), path === '' ? key : `${path}.${key}`)] as const
    })
    // The entries are exactly the keys of S, each read by its own shape.
    return Object.fromEntries(entries) as { readonly [K in keyof S]: Read<S[K]> }
  }
}

function refuse(path: string, expected: string, found: unknown): never {
  const shown = found === undefined ? 'nothing' : (JSON.stringify(found)?.slice(0, 60) ?? typeof found)
  throw new RangeError(`${path === '' ? 'the document' : path}: expected ${expected}, found ${shown}`)
}
