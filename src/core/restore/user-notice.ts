import { code } from '../text/markdown.ts'

interface RollbackFacts {
  /** What users know it by. */
  readonly database: string
  /** Only the rows of some tables are rolled back. */
  readonly isPart: boolean
  /** The instant that the restored data shows. */
  readonly snapshotAt: Date
  /** Since when users see it; null before the switch to the new database. */
  readonly replacedAt: Date | null
  /** Now, for a notice that is written before the change. */
  readonly now: Date
}

/**
 * The notice that runbook §4.2 demands, with the true instants, as Markdown for a status page or an e-mail.
 * Times are UTC and to the minute outwards, so that the window never looks smaller than it is. Before the
 * switch the end of the window is unknown.
 */
export function renderNotice({ database, isPart, snapshotAt, replacedAt, now }: RollbackFacts): string {
  const end = replacedAt ?? now
  const from = minute(snapshotAt, 'down')
  const to = replacedAt === null ? 'the switch to it' : minute(end, 'up')
  const tense = replacedAt === null ? 'will be rolled back' : 'was rolled back'
  const subject = isPart ? `Some data of the database ${code(database)}` : `The database ${code(database)}`
  const least = replacedAt === null ? 'at least ' : ''
  return [
    `**${subject} ${tense} to its state of ${from} (${least}${renderAgo(end.getTime() - snapshotAt.getTime())} earlier).**`,
    '',
    `Changes made between ${from} and ${to} may be lost: sign-ups, merges, and everything else saved in that window.`,
    'If you signed up or changed something in that time, please check it and do it again where it is missing.',
  ].join('\n')
}

/** `2026-11-23 03:15 UTC` */
function minute(instant: Date, round: 'up' | 'down'): string {
  const ms = round === 'up' ? Math.ceil(instant.getTime() / 60_000) : Math.floor(instant.getTime() / 60_000)
  return `${new Date(ms * 60_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** `45 minutes`, `6 hours`, `3 days`: rounded up, as users count. */
export function renderAgo(durationMs: number): string {
  const minutes = Math.max(1, Math.ceil(durationMs / 60_000))
  if (minutes < 90) return amount(minutes, 'minute')
  const hours = Math.ceil(minutes / 60)
  return hours < 48 ? amount(hours, 'hour') : amount(Math.ceil(hours / 24), 'day')
}

function amount(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
