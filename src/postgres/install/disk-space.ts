import { statfs } from 'node:fs/promises'
import { renderBytes } from '../../core/bytes.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'

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
    { hint: HINT },
  )
}

/** Throws DISK_FULL in place of the system's own word for it, and anything else as it is. */
export function explainFullDisk(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
  throw new OperatorError('DISK_FULL', `The disk filled up: ${errorMessage(error)}`, {
    hint: HINT,
    cause: error,
  })
}

const HINT = 'Free some space, or let RUNNER_TOOL_CACHE and RUNNER_TEMP point to a larger disk.'
