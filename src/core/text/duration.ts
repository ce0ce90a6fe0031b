const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1000, 1]

const GRAMMAR = ['d', 'h', 'm(?!s)', 's', 'ms'].map(unit => `(?:(\\d+(?:\\.\\d+)?)${unit})?`).join(' ?')

/**
 * Parses `500ms`, `90s`, `10m`, `1h30m`, `1h 30m`, `1.5h`, `7d` into whole milliseconds: each unit once, the
 * largest first. Throws a RangeError for anything else: a number without a unit says nothing, and `30m1h` is
 * a slip.
 */
export function parseDuration(text: string): number {
  const amounts = new RegExp(`^${GRAMMAR}$`).exec(text)?.slice(1) ?? []
  if (text !== text.trim() || !amounts.some(amount => amount !== undefined)) {
    throw new RangeError(`"${text}" is not a duration such as 90s, 10m or 1h30m`)
  }
  return Math.round(amounts.reduce((sum, amount, i) => sum + Number(amount ?? 0) * (UNITS_MS[i] ?? 0), 0))
}

/** `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`: two units at most. */
export function renderDuration(durationMs: number): string {
  const seconds = durationMs / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const two = (n: number) => String(n).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`
}
