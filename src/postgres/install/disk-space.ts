import { statfs } from 'node:fs/promises'
import { DISK_HINT, OperatorError } from '../../core/errors.ts'
import { renderBytes } from '../../core/text/bytes.ts'

/** Bytes that an ordinary user may still write where a directory is. */
export async function readFreeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

/** Throws DISK_FULL before anything is written, rather than half way. */
export function requireSpace(directory: string, neededBytes: number, freeBytes: number): void {
  if (freeBytes >= neededBytes) return
  throw new OperatorError(
    'DISK_FULL',
    `The packages need ${renderBytes(neededBytes)} in ${directory}, and ${renderBytes(freeBytes)} are free`,
    { hint: DISK_HINT },
  )
}
