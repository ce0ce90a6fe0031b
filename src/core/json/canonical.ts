/**
 * JSON with one spelling for one value: keys sorted (by code unit, but for the JSON of JavaScript whole
 * numbers first), two spaces, a line feed at the end. What is undefined is left out. Two manifests that say
 * the same are the same bytes, and a person can read them. It copies one object at a time: a manifest of many
 * tables is in memory once, with its text.
 */
export function canonicalJson(value: unknown): string {
  return `${JSON.stringify(value, (_key, item: unknown) => sorted(item), 2)}\n`
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value) || value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return Object.fromEntries(entries)
}
