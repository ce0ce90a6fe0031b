import { decoderFor, type TextDecoding } from '../text/decode-text.ts'
import type { ArchiveEntry, ArchiveSection, ArchiveToc } from './archive-toc.ts'

/**
 * Archives of pg_dump 9.1 and newer: the first that names the section of an entry (K_VERS_1_11 in
 * pg_backup_archiver.h).
 */
const OLDEST_FORMAT = 11
/** Of a newer one the order of the fields is not known. */
const NEWEST_FORMAT = 16

const SECTIONS: Readonly<Record<number, ArchiveSection>> = { 2: 'pre-data', 3: 'data', 4: 'post-data' }

/**
 * What pg_restore handles by itself, does not restore without --create, or leaves out on request
 * (--no-statistics).
 */
const NOT_RESTORED = [
  'ENCODING',
  'STDSTRINGS',
  'SEARCHPATH',
  'DATABASE',
  'DATABASE PROPERTIES',
  'STATISTICS DATA',
]

/**
 * Reads the table of contents of an archive in custom format, piece by piece, so that the bytes of one entry
 * are in memory at a time: thousands of tables make many MB. `pg_restore --list` prints names without saying
 * where they end, and neither what an entry depends on nor what it does. Source: ReadHead and ReadToc in
 * pg_backup_archiver.c, ReadInt and ReadStr there.
 */
export class TocParser {
  readonly #reader = new TocReader()
  readonly #entries: ArchiveEntry[] = []
  #databaseSettings: readonly string[] = []
  #format: number | undefined
  #left = 0

  /**
   * Takes the next bytes; undefined where the table goes on behind them. Throws a RangeError for bytes that
   * are no such archive.
   */
  read(bytes: Buffer): ArchiveToc | undefined {
    this.#reader.append(bytes)
    try {
      if (this.#format === undefined) {
        const format = this.#reader.readHeader()
        this.#left = this.#reader.readInt()
        this.#format = format
        this.#reader.forgetRead()
      }
      for (; this.#left > 0; this.#left -= 1) {
        this.#add(readEntry(this.#reader, this.#format))
        this.#reader.forgetRead()
      }
    } catch (error) {
      if (error !== MORE_BYTES) throw error
      this.#reader.goBack()
      return undefined
    }
    return { entries: this.#entries, databaseSettings: this.#databaseSettings }
  }

  #add(entry: ArchiveEntry): void {
    if (entry.kind === 'ENCODING') this.#reader.setEncoding(entry.definition)
    if (entry.kind === 'DATABASE PROPERTIES') this.#databaseSettings = splitSettings(entry.definition)
    if (!NOT_RESTORED.includes(entry.kind) && !isOfDatabase(entry)) this.#entries.push(entry)
  }
}

/** Thrown by a reader at the end of its bytes. */
const MORE_BYTES = Symbol('more bytes')

/** In the order in which WriteToc writes the fields. */
function readEntry(reader: TocReader, format: number): ArchiveEntry {
  const id = reader.same(String(reader.readInt()))
  reader.readInt() // whether it has a dumper
  reader.skipText() // the oid of its catalogue
  reader.skipText() // its own oid
  const name = reader.readName()
  const kind = reader.readName()
  const section = SECTIONS[reader.readInt()] ?? 'none'
  const definition = BULKY.has(kind) ? reader.skipText() : (reader.readText() ?? '')
  reader.skipText() // how to drop it
  reader.skipText() // how to copy into it
  const schema = reader.readName() || null
  reader.skipText() // tablespace
  if (format >= 14) reader.skipText() // table access method
  if (format >= 16) reader.readInt() // relkind
  const owner = reader.readName()
  reader.skipText() // whether it has oids
  const dependsOn = new Set<string>()
  for (let on = reader.readText(); on !== undefined; on = reader.readText()) dependsOn.add(reader.same(on))
  reader.skipOffset()
  return { id, kind, schema, name, owner, section, definition, dependsOn: [...dependsOn] }
}

/** Grants on and comments of the database itself: pg_restore leaves them out with it. */
function isOfDatabase({ kind, name }: ArchiveEntry): boolean {
  return ['ACL', 'COMMENT', 'SECURITY LABEL'].includes(kind) && name.startsWith('DATABASE ')
}

/**
 * Definitions of these are most of the bytes, and only pg_restore needs them: a database of 100,000 tables
 * has 100 MB. Those of foreign keys say where they point to (200 bytes each).
 */
const BULKY: ReadonlySet<string> = new Set([
  ...['TABLE', 'INDEX', 'VIEW', 'CONSTRAINT', 'CHECK CONSTRAINT', 'DEFAULT', 'TRIGGER'],
  ...['RULE', 'SEQUENCE', 'SEQUENCE OWNED BY'],
])

/** `ALTER DATABASE app SET …` and `ALTER ROLE r IN DATABASE app SET …`, one by one. */
function splitSettings(definition: string): readonly string[] {
  return definition
    .split(/;\n(?=ALTER )|;\s*$/)
    .map(statement => statement.trim())
    .filter(statement => /^ALTER (DATABASE|ROLE)\b/.test(statement))
}

/** Follows the bytes of an archive. */
class TocReader {
  /** Names, kinds and ids occur many times: one text for all of them. */
  readonly #texts = new Map<string, string>()
  #decoder: TextDecoding = decoderFor('UTF8')
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #kept = 0
  #intBytes = 4
  #offsetBytes = 8

  append(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#kept), bytes])
    this.#at -= this.#kept
    this.#kept = 0
  }

  /** What was read up to here is not read again. */
  forgetRead(): void {
    this.#kept = this.#at
  }

  /** To where forgetRead was called last. */
  goBack(): void {
    this.#at = this.#kept
  }

  /** All texts are in the encoding that the first entry names: `SET client_encoding = 'LATIN1';`. */
  setEncoding(definition: string): void {
    const [, encoding = 'UTF8'] = /'(\w+)'/.exec(definition) ?? []
    this.#decoder = decoderFor(encoding)
  }

  /** The minor version of the format. */
  readHeader(): number {
    if (this.#take(5).toString('latin1') !== 'PGDMP') throw new RangeError('it does not begin with PGDMP')
    const [major = 0, minor = 0, , intBytes = 0, offsetBytes = 0, kind = 0] = this.#take(6)
    if (major !== 1 || minor < OLDEST_FORMAT || minor > NEWEST_FORMAT)
      throw new RangeError(
        `its format is ${major}.${minor}; expected 1.${OLDEST_FORMAT} to 1.${NEWEST_FORMAT}`,
      )
    if (kind !== 1) throw new RangeError('it is not in custom format')
    if (intBytes < 2 || intBytes > 6 || offsetBytes > 8) throw new RangeError('its numbers have an odd size')
    this.#intBytes = intBytes
    this.#offsetBytes = offsetBytes
    if (minor >= 15) this.#take(1)
    else this.readInt() // level of compression
    for (let i = 0; i < 7; i += 1) this.readInt() // when it was made
    for (let i = 0; i < 3; i += 1) this.readText() // database, version of the server, version of pg_dump
    return minor
  }

  /** A sign, then the bytes of the number, the lowest first. */
  readInt(): number {
    const sign = this.#take(1)[0]
    const value = this.#take(this.#intBytes).readUIntLE(0, this.#intBytes)
    return sign === 0 ? value : -value
  }

  /** Undefined for null. */
  readText(): string | undefined {
    const length = this.readInt()
    return length < 0 ? undefined : this.#decoder.decode(this.#take(length))
  }

  /** A text that other entries may have too; empty for null. */
  readName(): string {
    return this.same(this.readText() ?? '')
  }

  skipText(): '' {
    const length = this.readInt()
    if (length > 0) this.#take(length)
    return ''
  }

  same(text: string): string {
    const known = this.#texts.get(text)
    if (known === undefined) this.#texts.set(text, text)
    return known ?? text
  }

  skipOffset(): void {
    this.#take(1 + this.#offsetBytes)
  }

  #take(count: number): Buffer {
    const end = this.#at + count
    if (end > this.#bytes.length) throw MORE_BYTES
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}
