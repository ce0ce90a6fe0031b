import { open } from 'node:fs/promises'
import type { ArchiveToc } from '../../core/backup/archive-toc.ts'
import { parseArchiveToc } from '../../core/backup/read-toc.ts'
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
  const { size } = await file.stat()
  for (let wanted = MIB; ; wanted *= 4) {
    const bytes = Buffer.alloc(Math.min(wanted, size))
    await readFully(file, bytes)
    const toc = tryParse(bytes)
    if (toc !== undefined) return toc
    if (wanted >= size || wanted >= LARGEST_TOC_BYTES)
      throw unreadable(`it ends before its table of contents does, after ${bytes.length} bytes`)
  }
}

async function readFully(file: Awaited<ReturnType<typeof open>>, into: Buffer): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, done)
    if (bytesRead === 0) return
    done += bytesRead
  }
}

function tryParse(bytes: Buffer): ArchiveToc | undefined {
  try {
    return parseArchiveToc(bytes)
  } catch (error) {
    throw unreadable(errorMessage(error))
  }
}

function unreadable(why: string): OperatorError {
  return new OperatorError('ARCHIVE_CORRUPT', `The archive cannot be read: ${why}.`, {
    hint: 'Pick another backup.',
  })
}
