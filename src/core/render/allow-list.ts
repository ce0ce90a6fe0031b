import type { AllowEntry } from './resources.ts'

/** Who opened the allow list, and until when. */
interface AllowMark {
  readonly runId: string
  readonly runAttempt: string
  /** Tells two steps of one run apart: eight hex digits. */
  readonly nonce: string
  readonly expiresAt: Date
}

const MARK = /^pg-runbook run (\S+)\/(\S+) ([0-9a-f]{8}) until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/

/** The description of an entry of ours: `pg-runbook run 123/1 1a2b3c4d until 2026-12-01T04:00:00Z`. */
export function renderMark({ runId, runAttempt, nonce, expiresAt }: AllowMark): string {
  const until = expiresAt.toISOString().replace(/\.\d+/, '')
  return `pg-runbook run ${runId || '-'}/${runAttempt || '-'} ${nonce} until ${until}`
}

/** Undefined for the entries of other people. */
export function parseMark(description: string): AllowMark | undefined {
  const [, runId = '', runAttempt = '', nonce = '', until = ''] = MARK.exec(description) ?? []
  return nonce === '' ? undefined : { runId, runAttempt, nonce, expiresAt: new Date(until) }
}

/** Clocks of runners differ: an entry that expired just now may still be in use. */
const CLOCK_TOLERANCE_MS = 5 * 60_000

/** An entry of a run that died: ours, and past its time. */
export function isExpired({ description }: AllowEntry, now: Date): boolean {
  const mark = parseMark(description)
  return mark !== undefined && mark.expiresAt.getTime() + CLOCK_TOLERANCE_MS < now.getTime()
}

function isSameEntry(a: AllowEntry, b: AllowEntry): boolean {
  return a.cidrBlock === b.cidrBlock && a.description === b.description
}

export function holdsEntry(entries: readonly AllowEntry[], entry: AllowEntry): boolean {
  return entries.some(other => isSameEntry(other, entry))
}

/** What the list has to be to open it for `ours`: expired entries go, other people's stay, in their order. */
export function openedList(
  entries: readonly AllowEntry[],
  ours: AllowEntry,
  now: Date,
): readonly AllowEntry[] {
  const kept = entries.filter(entry => !isExpired(entry, now))
  return holdsEntry(kept, ours) ? kept : [...kept, ours]
}

/** What the list has to be without `ours`. */
export function closedList(
  entries: readonly AllowEntry[],
  ours: AllowEntry,
  now: Date,
): readonly AllowEntry[] {
  return entries.filter(entry => !isSameEntry(entry, ours) && !isExpired(entry, now))
}

/** Whether any address of the Internet may connect. */
export function isOpenToAll(entries: readonly AllowEntry[]): boolean {
  return entries.some(({ cidrBlock }) => /\/0+$/.test(cidrBlock.trim()))
}

/** `203.0.113.7/32` of an address. Throws a RangeError for anything but one IPv4 or IPv6 address. */
export function parseAddress(text: string): string {
  const address = text.trim()
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/32)?$/.exec(address)?.slice(1)
  if (octets?.every(octet => Number(octet) <= 255)) return `${octets.map(Number).join('.')}/32`
  if (isIpv6(address.replace(/\/128$/, ''))) return `${address.replace(/\/128$/, '').toLowerCase()}/128`
  throw new RangeError('expected one address such as 203.0.113.7')
}

/** A URL object knows the grammar of RFC 4291, and that of a zone, which an allow list does not take. */
function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]+$/i.test(text) && text.includes(':') && URL.canParse(`http://[${text}]/`)
}
