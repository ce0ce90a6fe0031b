import type { Manifest } from '../../core/backup/manifest.ts'
import { hasSqlState, OperatorError } from '../../core/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../../core/pg/quote.ts'
import type { Session } from '../session/session.ts'

/** Encoding and collation of a database, and what no manifest has of it. */
export interface DatabaseLocale
  extends Pick<Manifest['server'], 'encoding' | 'collationProvider' | 'collate' | 'ctype' | 'locale'> {
  readonly icuRules?: string | null | undefined
  readonly tablespace?: string
  /** It takes the place of another database, whose texts it must sort alike: no other collation will do. */
  readonly isStrict?: boolean
}

/**
 * Creates an empty database with the encoding and collation of the source, where the server can: a libc
 * collation needs the operating system's locale. Returns what differs, as sentences. Throws TARGET_UNFIT
 * where something differs and nothing may.
 */
export async function createDatabaseLike(
  session: Session,
  name: string,
  like: DatabaseLocale,
  {
    owner,
    allowsConnections = true,
  }: { readonly owner?: string | undefined; readonly allowsConnections?: boolean } = {},
): Promise<readonly string[]> {
  const ownedBy = owner === undefined ? '' : `OWNER ${quoteIdentifier(owner)} `
  const place = like.tablespace === undefined ? '' : ` TABLESPACE ${quoteIdentifier(like.tablespace)}`
  const create = (options: string) =>
    session.rows(
      `CREATE DATABASE ${quoteIdentifier(name)} ${ownedBy}TEMPLATE template0 ENCODING ${quoteLiteral(like.encoding)} ALLOW_CONNECTIONS ${allowsConnections} ${options}`,
    )
  try {
    await create(localeOptions(like) + place)
    return []
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    // A tablespace is where the files lie. Without it the server says whether it was the one thing denied.
    if (like.tablespace !== undefined && hasSqlState(error, '42501')) {
      await create(localeOptions(like))
      return [
        `This role may not use the tablespace ${like.tablespace}: the new database lies in the default one.`,
      ]
    }
    if (!isAboutLocale(error)) throw error
    if (like.isStrict) throw noLocale(like, error)
    return await createFirst(attemptsWithout(like), create)
  }
}

interface LocaleAttempt {
  readonly options: string
  /** What differs then. */
  readonly notes: readonly string[]
}

/** Without the locale of the source: what comes closest to it first. */
function attemptsWithout(like: DatabaseLocale): readonly LocaleAttempt[] {
  const differs = `The server has no locale ${localeName(like)}: the new database has C, so texts sort differently there`
  return [
    // What is a letter, and what a word, is the same in every locale of UTF-8, but for a few like Turkish.
    ...(like.encoding === 'UTF8' ? [{ ctype: 'C.UTF-8', note: `${differs}.` }] : []),
    { ctype: 'C', note: `${differs}, and lower and upper know ASCII only.` },
  ].flatMap(({ ctype, note }) => {
    const without = { ...like, collate: 'C', ctype }
    const libc = { options: localeOptions({ ...without, collationProvider: 'c' }), notes: [note] }
    return like.collationProvider === 'c' ? [libc] : [{ options: localeOptions(without), notes: [] }, libc]
  })
}

/** Returns the notes of the first attempt that the server takes. */
async function createFirst(
  [attempt, ...others]: readonly LocaleAttempt[],
  create: (options: string) => Promise<unknown>,
): Promise<readonly string[]> {
  try {
    await create(attempt?.options ?? '')
    return attempt?.notes ?? []
  } catch (error) {
    if (others.length === 0 || !isAboutLocale(error)) throw error
    return await createFirst(others, create)
  }
}

/**
 * Locale or encoding refused. Unknown to libc or the provider (42809), to ICU (22023), not of that encoding
 * (42P17), or a server without ICU (0A000). Source: createdb in dbcommands.c, create_pg_locale in
 * pg_locale*.c.
 */
function isAboutLocale(error: unknown): boolean {
  return hasSqlState(error, '42809', '22023', '42P17', '0A000')
}

/** libc sorts by the collation; the others have a locale of their own. */
function localeName({ collationProvider, locale, collate }: DatabaseLocale): string {
  return collationProvider === 'c' ? collate : (locale ?? collate)
}

function noLocale(like: DatabaseLocale, cause: OperatorError): OperatorError {
  return new OperatorError(
    'TARGET_UNFIT',
    `The server cannot make a database with the locale ${localeName(like)} of the old one any more: ${cause.message}`,
    {
      hint: 'Install the locale on the server, or use mode new-database, which falls back to C and says so.',
      cause,
    },
  )
}

/** With any provider, text search finds words by the LC_CTYPE of the operating system. */
function localeOptions({ collationProvider, collate, ctype, locale, icuRules }: DatabaseLocale): string {
  const libc = `LC_COLLATE ${quoteLiteral(collate)} LC_CTYPE ${quoteLiteral(ctype)}`
  if (collationProvider === 'b')
    return `LOCALE_PROVIDER builtin BUILTIN_LOCALE ${quoteLiteral(locale ?? 'C')} ${libc}`
  if (collationProvider === 'i') {
    const rules = icuRules ? ` ICU_RULES ${quoteLiteral(icuRules)}` : ''
    return `LOCALE_PROVIDER icu ICU_LOCALE ${quoteLiteral(locale ?? 'und')}${rules} ${libc}`
  }
  return `LOCALE_PROVIDER libc ${libc}`
}

/** The shape of a database that is there, for one that is to take its place. */
export async function readDatabaseLocale(session: Session, name: string): Promise<DatabaseLocale> {
  const row = await session.row<Record<string, string | null>>(
    `SELECT pg_encoding_to_char(d.encoding) AS encoding, d.datlocprovider AS provider, d.datcollate AS "collate", d.datctype AS ctype,
            coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale,
            to_jsonb(d) ->> 'daticurules' AS rules, t.spcname AS tablespace
       FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
      WHERE d.datname = $1`,
    [name],
  )
  return {
    encoding: row.encoding ?? '',
    collationProvider: row.provider ?? '',
    collate: row.collate ?? '',
    ctype: row.ctype ?? '',
    locale: row.locale ?? null,
    icuRules: row.rules ?? null,
    isStrict: true,
    // Where it is the default, naming it would take a right of its own.
    ...(row.tablespace !== 'pg_default' && row.tablespace != null && { tablespace: row.tablespace }),
  }
}
