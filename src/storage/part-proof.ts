import type { Manifest } from '../core/backup/manifest.ts'
import { OperatorError } from '../core/errors.ts'
import type { Store } from './store.ts'

/** A part of an archive with its place. */
export interface PlacedPart {
  readonly from: number
  readonly bytes: number
  readonly sha256: string
}

/** The parts with their places. Throws MANIFEST_INVALID where they are not the whole object. */
export function layOutParts(store: Store, archive: Manifest['object']): readonly PlacedPart[] {
  let from = 0
  const parts = archive.parts.map(part => {
    const placed = { ...part, from }
    from += part.bytes
    return placed
  })
  if (from === archive.bytes) return parts
  throw new OperatorError(
    'MANIFEST_INVALID',
    `The parts in the manifest of ${store.uri(archive.key)} make ${from} bytes. Expected ${archive.bytes}.`,
    { hint: 'Pick another backup.' },
  )
}

/** Reads of a part until one is right or two are wrong in the same way. */
const ATTEMPTS = 5

/**
 * Proves one part by its SHA-256. Wrong bytes are read again: only the same wrong hash twice is a fault of
 * the archive, other bytes each time are one of the network. `hash` hashes what has arrived, `fetch` fetches
 * the part once more. Throws ARCHIVE_CORRUPT or STORE_FAILED.
 */
export async function provePart(
  store: Store,
  key: string,
  part: PlacedPart,
  { hash, fetch }: { readonly hash: () => Promise<string>; readonly fetch: () => Promise<void> },
): Promise<void> {
  const wrong = new Set<string>()
  const where = `${store.uri(key)} between byte ${part.from} and ${part.from + part.bytes - 1}`
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const found = await hash()
    if (found === part.sha256) return
    if (wrong.has(found))
      throw new OperatorError(
        'ARCHIVE_CORRUPT',
        `${where} differs from its manifest: SHA-256 ${found}. Expected ${part.sha256}.`,
        {
          hint: 'Do not restore this archive. Pick an older backup, and find out who or what changed the object.',
        },
      )
    wrong.add(found)
    store.log.info(`  ${where} arrived damaged; reading it again.`)
    await fetch()
  }
  throw new OperatorError(
    'STORE_FAILED',
    `${where} arrives damaged, with other bytes at each of ${ATTEMPTS} reads. The archive itself may be good.`,
    { hint: 'Check the network and the proxy between this machine and the store.' },
  )
}
