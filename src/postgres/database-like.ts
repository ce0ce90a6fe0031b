import { OperatorError } from '../core/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../core/identifier.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Session } from './session.ts'

type ServerFacts = Manifest['server']

/**
 * Creates an empty database with the encoding and collation of the source, where the server can: a libc collation needs
 * the operating system's locale. Returns what differs, as sentences.
 */
export async function createDatabaseLike(
  session: Session,
  name: string,
  like: ServerFacts,
  owner?: string,
): Promise<readonly string[]> {
  const ownedBy = owner === undefined ? '' : `OWNER ${quoteIdentifier(owner)} `
  const create = (options: string) =>
    session.rows(
      `CREATE DATABASE ${quoteIdentifier(name)} ${ownedBy}TEMPLATE template0 ENCODING ${quoteLiteral(like.encoding)} ${options}`,
    )
  try {
    await create(localeOptions(like))
    return []
  } catch (error) {
    if (!(error instanceof OperatorError) || !/locale|collation|encoding/i.test(error.message)) throw error
    await create("LOCALE_PROVIDER libc LOCALE 'C'")
    return [
      `The server has no locale ${like.collate}: the new database has C, so texts sort differently there.`,
    ]
  }
}

function localeOptions({ collationProvider, collate, ctype, locale }: ServerFacts): string {
  if (collationProvider === 'b')
    return `LOCALE_PROVIDER builtin BUILTIN_LOCALE ${quoteLiteral(locale ?? 'C')} LC_COLLATE 'C' LC_CTYPE 'C'`
  if (collationProvider === 'i')
    return `LOCALE_PROVIDER icu ICU_LOCALE ${quoteLiteral(locale ?? 'und')} LC_COLLATE 'C' LC_CTYPE 'C'`
  return `LOCALE_PROVIDER libc LC_COLLATE ${quoteLiteral(collate)} LC_CTYPE ${quoteLiteral(ctype)}`
}
