import { type BackupId, compactInstant, renderBackupId } from './backup-id.ts'

/** Where in the bucket things are. `database` is the logical name, `prefix` has no slash at its ends. */
export interface Location {
  readonly prefix: string
  readonly database: string
}

/** Archives lie apart from manifests, so that a lifecycle rule can move them to Glacier by prefix. */
export function archiveKey(location: Location, id: BackupId, extension: 'dump' | 'sql'): string {
  const [year, month] = id.instant.toISOString().split('-')
  return `${archivePrefix(location)}${year}/${month}/${renderBackupId(id)}.${extension}`
}

export function archivePrefix({ prefix, database }: Location): string {
  return join(prefix, `archives/${database}/`)
}

export function manifestKey(location: Location, id: BackupId): string {
  return `${manifestPrefix(location)}${renderBackupId(id)}.json`
}

export function manifestPrefix({ prefix, database }: Location): string {
  return join(prefix, `manifests/${database}/`)
}

/** `drills/<database>/20261201T040000Z-1a2b3c4d.json`; `nonce` is eight hex digits. */
export function drillKey(location: Location, instant: Date, nonce: string): string {
  return `${drillPrefix(location)}${renderDrillId(instant, nonce)}.json`
}

/** The record of a gate; `gateId` is `<instant>-<nonce>`, like a drill's. */
export function gateKey(location: Location, instant: Date, nonce: string): string {
  return `${gatePrefix(location)}${renderDrillId(instant, nonce)}.json`
}

export function gatePrefix({ prefix, database }: Location): string {
  return join(prefix, `gates/${database}/`)
}

export function drillPrefix({ prefix, database }: Location): string {
  return join(prefix, `drills/${database}/`)
}

/** Names one drill: `20261201T040000Z-1a2b3c4d`. Ids sort by time. */
export function renderDrillId(instant: Date, nonce: string): string {
  return `${compactInstant(instant)}-${nonce}`
}

/** `restores/<database>/20261201T040000Z-1a2b3c4d.json`; `nonce` is eight hex digits. */
export function restoreKey(location: Location, instant: Date, nonce: string): string {
  return `${restorePrefix(location)}${renderDrillId(instant, nonce)}.json`
}

export function restorePrefix({ prefix, database }: Location): string {
  return join(prefix, `restores/${database}/`)
}

/** The record of a request to bring an archive back from cold storage. */
export function thawKey(location: Location, instant: Date, nonce: string): string {
  return `${thawPrefix(location)}${renderDrillId(instant, nonce)}.json`
}

export function thawPrefix({ prefix, database }: Location): string {
  return join(prefix, `thaws/${database}/`)
}

export function cutoverPrefix({ prefix, database }: Location): string {
  return join(prefix, `cutovers/${database}/`)
}

/** A pin keeps its backup from retention. */
export function pinKey(location: Location, backupId: string): string {
  return `${pinPrefix(location)}${backupId}.json`
}

export function pinPrefix({ prefix, database }: Location): string {
  return join(prefix, `pins/${database}/`)
}

/** What stays of a backup that retention deleted. */
export function retiredKey(location: Location, backupId: string): string {
  return `${retiredPrefix(location)}${backupId}.json`
}

export function retiredPrefix({ prefix, database }: Location): string {
  return join(prefix, `retired/${database}/`)
}

/** A bucket and the prefix under which everything lies. */
export interface Destination {
  readonly bucket: string
  readonly prefix: string
}

/** Parses `s3://bucket` or `s3://bucket/some/prefix`. Throws a RangeError. */
export function parseDestination(text: string): Destination {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(text)
  const [, bucket = '', path = ''] = match ?? []
  if (!isBucketName(bucket)) throw new RangeError('expected s3://bucket or s3://bucket/prefix')
  const prefix = path.replace(/^\/+|\/+$/g, '')
  if (/\/\/|[^A-Za-z0-9!_.*'()/=-]/.test(prefix) || /(^|\/)\.{1,2}(\/|$)/.test(prefix)) {
    throw new RangeError(
      "a prefix has letters, digits and !_.*'()=-, with single slashes between, and no . or ..",
    )
  }
  return { bucket, prefix }
}

/** As it is parsed: `s3://bucket/prefix`. */
export function renderDestination({ bucket, prefix }: Destination): string {
  return prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`
}

/** AWS, "General purpose bucket naming rules". */
function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name)
  )
}

/** Checks the logical name of a database, which becomes part of keys. Throws a RangeError. */
export function parseDatabaseName(text: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/.test(text)) {
    throw new RangeError('a logical name has 1 to 63 letters, digits, _ . - and does not start with . or -')
  }
  return text
}

function join(prefix: string, rest: string): string {
  return prefix === '' ? rest : `${prefix}/${rest}`
}
