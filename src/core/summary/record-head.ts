import type { Decoder } from '../json/decode.ts'

/** The name of the metadata that holds a head. */
const NAME = 'head'
/** S3 allows 2 KB of metadata an object, names included (AWS, "User-defined object metadata"). */
const LONGEST = 1500

/**
 * The few facts of a record that a trend needs, as metadata of its object: a HEAD then gives them, and not a
 * manifest that grows with the number of tables. Empty where the facts are too long.
 */
export function renderHead(facts: object): Readonly<Record<string, string>> {
  const json = JSON.stringify(facts).replace(/[^\x20-\x7e]/g, toEscape)
  return json.length > LONGEST ? {} : { [NAME]: json }
}

/** Undefined where there is none, as in a copy that lost its metadata, or where it is of another version. */
export function parseHead<T>(metadata: Readonly<Record<string, string>>, decode: Decoder<T>): T | undefined {
  const json = metadata[NAME]
  if (json === undefined) return undefined
  try {
    return decode(JSON.parse(json), '')
  } catch {
    return undefined
  }
}

/** HTTP headers are ASCII, and JSON can say everything in it. */
function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
