import { createHash } from 'node:crypto'
import type { Manifest } from '../core/backup/manifest.ts'
import { awaitTasks } from './await-tasks.ts'
import { locateArchive } from './locate-archive.ts'
import { layOutParts, type PlacedPart, provePart } from './part-proof.ts'
import { readRange } from './read-range.ts'
import type { Store } from './store.ts'

/** Parts read at the same time. */
const IN_FLIGHT = 8

/**
 * Reads an archive back and compares every part with the manifest, without a file. Throws as downloadArchive.
 */
export async function readBackArchive(store: Store, archive: Manifest['object']): Promise<void> {
  const parts = layOutParts(store, archive).filter(({ bytes }) => bytes > 0)
  const found = await locateArchive(store, archive)
  const stop = new AbortController()
  const signal = AbortSignal.any([store.signal, stop.signal])
  const prove = async (part: PlacedPart) => {
    let hash = createHash('sha256')
    const fetch = async () => {
      hash = createHash('sha256')
      await readRange(store, found, part, chunk => void hash.update(chunk), signal)
    }
    await fetch()
    await provePart(store, archive.key, part, { hash: async () => hash.digest('hex'), fetch })
  }
  const queue = parts.values()
  const work = async () => {
    for (const part of queue) await prove(part)
  }
  const workers = Array.from({ length: IN_FLIGHT }, work)
  await awaitTasks(workers, store.signal, stop)
}
