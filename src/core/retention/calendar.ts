import type { Tier } from './policy.ts'

/** A tier that keeps the newest backup of each period. */
type CalendarTier = Exclude<Tier, 'last'>

/** The periods that an instant lies in: `2026-11-23` for daily, `2026-W48` for weekly. */
export type Periods = Readonly<Record<CalendarTier, string>>

/** Making one takes as long as some fifteen instants. */
const FORMATS = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  })
  FORMATS.set(timeZone, format)
  return format
}

/** Periods of a time zone's calendar. Weeks are those of ISO 8601: they begin on Monday. */
export function calendarOf(timeZone: string): (instant: Date) => Periods {
  const format = formatOf(timeZone)
  return instant => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]))
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? ''
    const month = `${part('year')}-${part('month')}`
    const day = `${month}-${part('day')}`
    return {
      // With its offset: in the night when clocks go back, two hours have the same name.
      hourly: `${day} ${part('hour')}h ${part('timeZoneName')}`,
      daily: day,
      weekly: isoWeek(day),
      monthly: month,
      yearly: part('year'),
    }
  }
}

/** The week of a day, `2026-11-23` → `2026-W48`: the week belongs to the year of its Thursday. */
function isoWeek(day: string): string {
  const date = new Date(`${day}T00:00:00Z`)
  const weekday = (date.getUTCDay() + 6) % 7
  const thursday = new Date(date.getTime() + (3 - weekday) * 86_400_000)
  const january1 = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  const week = 1 + Math.floor((thursday.getTime() - january1) / (7 * 86_400_000))
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`
}
