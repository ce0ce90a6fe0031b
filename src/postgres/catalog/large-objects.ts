import type { FingerprintLevel } from '../../core/backup/manifest.ts'
import type { Session } from '../session/session.ts'

/**
 * Read of each large object in one statement: what bounds the memory of the server, of which it may have 256
 * MB.
 */
const CHUNK_BYTES = 1 << 20

/**
 * 128 bits over the bytes and numbers of all large objects in this snapshot, as 32 hex digits; null below
 * level `content`, where there is none, and where this role may not read each of them.
 */
export async function readLargeObjectsHash(
  session: Session,
  level: FingerprintLevel,
): Promise<string | null> {
  if (level !== 'content' || !(await mayReadAll(session))) return null
  const sums: [bigint, bigint] = [0n, 0n]
  let oids = await readChunk(session, 'SELECT oid FROM pg_catalog.pg_largeobject_metadata', 0, sums)
  for (let chunk = 1; oids !== ''; chunk += 1) {
    const rest = `SELECT unnest('{${oids}}'::oid[]) AS oid`
    oids = await readChunk(session, rest, chunk, sums)
  }
  return sums.map(sum => BigInt.asUintN(64, sum).toString(16).padStart(16, '0')).join('')
}

/** False also where there is no large object. has_largeobject_privilege is new in 18. */
async function mayReadAll(session: Session): Promise<boolean> {
  const may =
    session.version >= 180_000 ? "has_largeobject_privilege(oid, 'SELECT')" : "pg_has_role(lomowner, 'USAGE')"
  const { readable } = await session.row<{ readable: string | null }>(
    `SELECT bool_and(${may})::text AS readable FROM pg_catalog.pg_largeobject_metadata`,
  )
  return readable === 'true'
}

/**
 * Adds one chunk of each object to the sums; returns those that may go on. Beyond its end an object gives no
 * bytes.
 */
async function readChunk(
  session: Session,
  objects: string,
  chunk: number,
  sums: [bigint, bigint],
): Promise<string> {
  const { h0, h1, more } = await session.row<Record<'h0' | 'h1' | 'more', string | null>>(
    `SELECT sum(hashtextextended(text, 0))::text AS h0, sum(hashtextextended(text, 1))::text AS h1,
            string_agg(oid::text, ',') FILTER (WHERE bytes = ${CHUNK_BYTES}) AS more
       FROM (SELECT oid, length(data) AS bytes, oid || ' ${chunk} ' || encode(sha256(data), 'hex') COLLATE "C" AS text
               FROM (SELECT oid, lo_get(oid, ${chunk * CHUNK_BYTES}, ${CHUNK_BYTES}) AS data FROM (${objects}) AS objects OFFSET 0) AS chunks OFFSET 0) AS hashed`,
  )
  sums[0] += BigInt(h0 ?? 0)
  sums[1] += BigInt(h1 ?? 0)
  return more ?? ''
}
