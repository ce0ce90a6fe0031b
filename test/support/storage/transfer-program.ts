/**
 * Sends a generated stream to a bucket, for `copies` to two further keys as well, and for `round-trip`
 * fetches it back, as a process whose memory can be watched.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pipeline } from 'node:stream/promises'
import type { ByteSource } from '../../../src/core/byte-source.ts'
import type { Log } from '../../../src/core/log.ts'
import { downloadArchive } from '../../../src/storage/download.ts'
import { beginUpload } from '../../../src/storage/multipart/upload.ts'
import { Store } from '../../../src/storage/store.ts'

const [mode = '', bucket = '', endpoint = '', region = '', bytes = ''] = process.argv.slice(2)
const log: Log = { info() {}, debug() {}, warning() {}, group: (_, work) => work() }
using store = new Store({ bucket, endpoint, region }, log, new AbortController().signal)
await using upload = await beginUpload(store, {
  key: 'big',
  backupId: 'big',
  databaseBytes: Number(bytes),
  storageClass: 'STANDARD',
  compatibility: 'auto',
  copies: { stores: mode === 'copies' ? ['second', 'third'].map(copyTo) : [], timeoutMs: 600_000 },
})
const content = await upload.write(generate(Number(bytes)))
const stored = await upload.complete(content)
for (const copy of upload.copies) await copy.finish(one => one.complete(content))
if (mode === 'round-trip') await fetchBack()

function copyTo(key: string) {
  return { config: store.config, key, storageClass: 'STANDARD', compatibility: 'auto' as const }
}

async function fetchBack(): Promise<void> {
  const archive = { ...stored, ...content, bucket, key: 'big' }
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  const path = join(directory, 'archive')
  try {
    await downloadArchive(store, archive, path, () => {})
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), hash)
    process.stdout.write(hash.digest('hex') === content.sha256 ? 'the same\n' : 'different\n')
  } finally {
    await rm(directory, { recursive: true })
  }
}

/**
 * So many bytes, of which every 64 KiB are others than those before. Leaves nothing to collect, as a pipe
 * does not.
 */
function generate(total: number): ByteSource {
  let sent = 0
  return {
    fill: async into => {
      const piece = Buffer.from(into.buffer, into.byteOffset, Math.min(into.length, total - sent)).fill(7)
      for (let at = 0; at + 8 <= piece.length; at += 65_536) piece.writeDoubleLE(sent + at, at)
      sent += piece.length
      return piece.length
    },
    stop: () => {},
  }
}
