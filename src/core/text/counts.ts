import { renderCount } from './bytes.ts'

/** `1 row`, `20,000 rows`; `plural` where an s is not enough. */
export function renderAmount(count: number, noun: string, plural = `${noun}s`): string {
  return `${renderCount(count)} ${count === 1 ? noun : plural}`
}

/** `1 fewer`, `3 more`; the empty text where nothing differs. */
export function renderDifference(found: number, expected: number): string {
  if (found === expected) return ''
  return `${renderCount(Math.abs(found - expected))} ${found < expected ? 'fewer' : 'more'}`
}

/** `users`, `audit.events`: schema public goes without saying. */
export function renderName({
  schema,
  name,
}: {
  readonly schema: string | undefined
  readonly name: string
}): string {
  return schema === undefined || schema === 'public' ? name : `${schema}.${name}`
}

/** The first few of a list and how many more there are: `a, b, c and 7 more`. */
export function renderSome(items: readonly string[], shown = 10): string {
  const rest = items.length - shown
  return items.slice(0, shown).join(', ') + (rest > 0 ? ` and ${renderCount(rest)} more` : '')
}
