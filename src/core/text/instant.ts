const INSTANT =
  /^(\d{4}-\d\d-\d\d)[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)$/

/** Parses an instant with its offset such as `2026-11-22T03:00:00Z`; undefined for anything else. */
export function readInstant(text: string): Date | undefined {
  const day = INSTANT.exec(text)?.[1]
  return day !== undefined && isDay(day) ? new Date(text) : undefined
}

/** Whether the calendar has a day such as `2026-11-30`: Date takes the 31st of November for December 1st. */
export function isDay(text: string): boolean {
  const midnight = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString() === `${text}T00:00:00.000Z`
}
