import { open } from 'node:fs/promises'
import type { ArchiveToc } from '../../core/backup/archive-toc.ts'
import { TocParser } from '../../core/backup/read-toc.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { MIB } from '../../core/text/bytes.ts'

/** A table of contents this long is not believed; 100,000 tables make 200 MB. */
const LARGEST_TOC_BYTES = 1024 * MIB

/**
 * Reads what an archive in custom format holds, without a program: the first MiB has it all, unless there
 * are thousands of objects. The archive must have been verified. Throws ARCHIVE_CORRUPT.
 */
export async function readArchiveToc(archive: string): Promise<ArchiveToc> {
  await using file = await open(archive)
  const parser = new TocParser()
  let bytes = 0
  for (let chunk = await readChunk(file); chunk.length > 0; chunk = await readChunk(file)) {
    bytes += chunk.length
    if (bytes > LARGEST_TOC_BYTES) break
    const toc = tryRead(parser, chunk)
    if (toc !== undefined) return toc
  }
  throw unreadable(`it ends before its table of contents does, after ${bytes} bytes`)
}

async function readChunk(file: Awaited<ReturnType<typeof open>>): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(MIB)
  const { bytesRead } = await file.read(buffer)
  return buffer.subarray(0, bytesRead)
}

function tryRead(parser: TocParser, chunk: Buffer): ArchiveToc | undefined {
  try {
    return parser.read(chunk)
  } catch (error) {
    throw unreadable(errorMessage(error))
  }
}

function unreadable(why: string): OperatorError {
  return new OperatorError('ARCHIVE_CORRUPT', `The archive cannot be read: ${why}.`, {
    hint: 'Pick another backup.',
  })
}
