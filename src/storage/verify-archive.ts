import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Manifest } from '../core/backup/manifest.ts'
import { OperatorError } from '../core/errors.ts'
import type { Store } from './store.ts'

/**
 * Hashes a downloaded archive as a whole. Its parts have been compared one by one; this makes the SHA-256 that goes into a
 * record one that was measured. Throws ARCHIVE_CORRUPT where it is not that of the manifest.
 */
export async function refuseOtherWhole(
  store: Store,
  { key, sha256 }: Manifest['object'],
  path: string,
): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal: store.signal })
  const found = hash.digest('hex')
  if (found === sha256) return
  throw new OperatorError(
    'ARCHIVE_CORRUPT',
    `${store.uri(key)} has the SHA-256 ${found}, its manifest says ${sha256}, though every part agrees.`,
    {
      hint: 'Do not restore it. Pick an older backup, and find out who or what changed the manifest.',
    },
  )
}
