/** Sends a generated stream to a bucket and, for `round-trip`, fetches it back, as a process whose memory can be watched. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Log } from '../../src/core/log.ts'
import { downloadArchive } from '../../src/storage/download.ts'
import { Store } from '../../src/storage/store.ts'
import { beginUpload } from '../../src/storage/upload.ts'
import { fromReadable } from '../support/byte-source.ts'

const [mode = '', bucket = '', endpoint = '', region = '', bytes = ''] = process.argv.slice(2)
const log: Log = { info() {}, debug() {}, warning() {}, group: (_, work) => work() }
using store = new Store({ bucket, endpoint, region }, log, new AbortController().signal)
await using upload = await beginUpload(store, {
  key: 'big',
  backupId: 'big',
  databaseBytes: Number(bytes),
  storageClass: 'STANDARD',
  sse: undefined,
  tags: [],
  compatibility: 'auto',
})
const content = await upload.write(
  fromReadable(Readable.from(generate(Number(bytes)), { objectMode: false })),
)
const stored = await upload.complete(content)
if (mode === 'round-trip') await fetchBack()

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

/** Pieces as a pipe gives them, each a buffer of its own that differs from the one before. */
function* generate(total: number): Generator<Buffer> {
  for (let sent = 0; sent < total; sent += 65_536) {
    const piece = Buffer.alloc(Math.min(65_536, total - sent), 7)
    piece.writeDoubleLE(sent, 0)
    yield piece
  }
}
