import { canonicalJson } from './canonical.ts'

const HIDDEN = '***'
/** Shorter ones occur in ids and numbers by accident. */
const SHORTEST_IN_JSON = 4
/** Hashes and instants are made by us. */
const OURS = /^(?:[0-9a-f]{32,}|\d{4}-\d\d-\d\dT[\d:.]+Z)$/

/** Replaces every secret in a text by `***`, the longest first: one may be part of another. */
export function scrubText(text: string, secrets: Iterable<string>): string {
  let scrubbed = text
  for (const secret of longestFirst(secrets)) scrubbed = scrubbed.replaceAll(secret, HIDDEN)
  return scrubbed
}

/**
 * Replaces every secret in the strings of a JSON document. What the `publicName` of the object contains is
 * no secret: a password that is also the name of the database would destroy every key in the record.
 */
export function scrubJson(json: string, secrets: Iterable<string>, publicName: string): string {
  const found = longestFirst(secrets).filter(
    secret =>
      secret.length >= SHORTEST_IN_JSON &&
      !publicName.includes(secret) &&
      json.includes(JSON.stringify(secret).slice(1, -1)),
  )
  if (found.length === 0) return json
  return canonicalJson(scrubValue(JSON.parse(json), found))
}

function scrubValue(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return OURS.test(value) ? value : scrubText(value, secrets)
  if (Array.isArray(value)) return value.map(item => scrubValue(item, secrets))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, scrubValue(inner, secrets)]))
}

function longestFirst(secrets: Iterable<string>): readonly string[] {
  return [...secrets].filter(secret => secret.trim() !== '').toSorted((a, b) => b.length - a.length)
}
