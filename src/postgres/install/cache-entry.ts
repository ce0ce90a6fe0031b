import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type PostgresVersion, parseVersion, renderVersion } from '../../core/pg/version.ts'
import { COMPONENTS, type Component } from './installation.ts'
import { findUntrusted } from './untrusted-path.ts'

/** What is known about an entry. */
export interface EntryFacts {
  readonly version: PostgresVersion
  /** Id of the origin: `pgdg-noble`, `debian-forky`, `apt-1a2b3c4d`. */
  readonly origin: string
  readonly components: readonly Component[]
  /** As Node names it. */
  readonly arch: string
  /** Extensions as they were asked for, sorted. */
  readonly extensions: readonly string[]
  /** `name=version` of everything unpacked. */
  readonly packages: readonly string[]
}

export interface CacheEntry extends EntryFacts {
  readonly directory: string
  /** When the origin last had nothing newer for us, in milliseconds since the epoch. */
  readonly confirmedAt: number
}

/** Written last, before the entry gets its name: a directory without it is no entry. */
const FACTS_FILE = 'pg-runbook.json'

/** Written by a rename: a reader sees the old facts or the new ones. */
export async function writeFacts(directory: string, facts: EntryFacts, now: number): Promise<void> {
  const { version, origin, components, extensions, arch, packages } = facts
  const record = {
    version: renderVersion(version),
    origin,
    components,
    extensions,
    arch,
    packages,
    confirmedAt: now,
  }
  const draft = join(directory, `${FACTS_FILE}.${randomBytes(4).toString('hex')}`)
  await writeFile(draft, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o644 })
  await rename(draft, join(directory, FACTS_FILE))
}

/** Undefined too where another user could have changed it, or what leads to it. */
export async function readTrustedEntry(directory: string): Promise<CacheEntry | undefined> {
  const entry = await readEntry(directory)
  return entry === undefined || (await findUntrusted(directory)) !== undefined ? undefined : entry
}

/** Undefined where the facts are missing, unreadable or of another form. */
export async function readEntry(directory: string): Promise<CacheEntry | undefined> {
  try {
    const record: unknown = JSON.parse(await readFile(join(directory, FACTS_FILE), 'utf8'))
    return parseRecord(directory, record as Record<string, unknown>)
  } catch {
    return undefined
  }
}

function parseRecord(directory: string, record: Record<string, unknown>): CacheEntry | undefined {
  const { version, origin, arch, packages, extensions, confirmedAt } = record
  const components = COMPONENTS.filter(
    name => Array.isArray(record.components) && record.components.includes(name),
  )
  if (typeof version !== 'string' || typeof origin !== 'string' || typeof arch !== 'string') return undefined
  if (
    !Array.isArray(packages) ||
    !Array.isArray(extensions) ||
    typeof confirmedAt !== 'number' ||
    components.length === 0
  )
    return undefined
  return {
    directory,
    version: parseVersion(version),
    origin,
    components,
    extensions,
    arch,
    packages,
    confirmedAt,
  }
}
