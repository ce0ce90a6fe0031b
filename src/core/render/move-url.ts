import type { Connection } from '../pg/connection.ts'

/** How one database is reached: on Render's private network, and from elsewhere. */
export interface DatabaseDoors {
  readonly id: string
  readonly internal: Connection
  readonly external: Connection
}

type MovedValue =
  /** It has nothing to do with the database. */
  | { readonly kind: 'unrelated' }
  /** It leads to the new database already. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'move'; readonly value: string; readonly door: 'internal' | 'external' }
  /** It names the old database in a way that cannot be moved. */
  | { readonly kind: 'stuck'; readonly reason: string }

/**
 * The value of a variable that leads to the new database instead of the old one, by the same door. Only the
 * host changes where the credentials are equal, so that parameters and schemes of frameworks stay as they
 * were.
 */
export function moveValue(value: string, from: DatabaseDoors, to: DatabaseDoors): MovedValue {
  const door = doorIn(value, from)
  if (door === undefined) {
    if (mentions(value, from.id))
      return { kind: 'stuck', reason: `it names ${from.id}, but not by a host of it` }
    return { kind: doorIn(value, to) === undefined ? 'unrelated' : 'moved' }
  }
  const [old, fresh] = [from[door], to[door]]
  const moved = haveSameLogin(old, fresh)
    ? value.replace(hostPattern(old.host), fresh.host)
    : replaceLogin(value, old, fresh)
  if (moved === undefined)
    return { kind: 'stuck', reason: 'the new database has another login, and the value is no whole URL' }
  if (mentions(moved, from.id) || doorIn(moved, from) !== undefined)
    return { kind: 'stuck', reason: `it names ${from.id} more than once` }
  return { kind: 'move', value: moved, door }
}

/** The external host comes first: the internal one is how it begins. */
function doorIn(value: string, doors: DatabaseDoors): 'internal' | 'external' | undefined {
  return (['external', 'internal'] as const).find(door => hostPattern(doors[door].host).test(value))
}

/** A host as a whole: not as a part of a longer name. */
function hostPattern(host: string): RegExp {
  const literal = host.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`(?<![\\w.-])${literal}(?![\\w-]|\\.\\w)`)
}

/** Also a replica or a pooler of it: their ids have the same stem. */
function mentions(value: string, id: string): boolean {
  return value.includes(id.replace(/-[a-z]$/, ''))
}

function haveSameLogin(a: Connection, b: Connection): boolean {
  return (
    a.port === b.port &&
    a.user === b.user &&
    a.database === b.database &&
    a.password?.reveal() === b.password?.reveal()
  )
}

/**
 * A whole URL of the old login with host, port, login and database of the new one; undefined for anything
 * else.
 */
function replaceLogin(value: string, old: Connection, fresh: Connection): string | undefined {
  const parts = /^(\w[\w+.-]*:\/\/)([^:@/]*)(?::([^@/]*))?@([^/?:]+)(?::\d+)?\/([^?]*)(\?.*)?$/.exec(
    value.trim(),
  )
  const [, scheme = '', user = '', , host = '', database = '', query = ''] = parts ?? []
  if (decode(user) !== old.user || host !== old.host || decode(database) !== old.database) return undefined
  const login = [fresh.user, fresh.password?.reveal() ?? ''].map(encodeURIComponent).join(':')
  return `${scheme}${login}@${fresh.host}:${fresh.port}/${encodeURIComponent(fresh.database)}${query}`
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
