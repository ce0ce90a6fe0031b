import { execFile } from 'node:child_process'
import { constants, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ByteSource } from '../../core/byte-source.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'

/** What a pipe holds at most on Linux. */
const PIPE_BYTES = 65_536

export interface ArchivePipe {
  /**
   * A descriptor for a child process to write into. The caller closes it afterwards, or the source
   * never ends.
   */
  readonly writeEnd: number
  readonly source: ByteSource
}

/**
 * A pipe whose bytes land in the reader's own buffers. A child's `stdout` allocates memory for each piece
 * instead: a third of the CPU time of a dump went into copying and collecting it. Node makes no pipes, so it
 * is a named one, whose name is gone again before anything flows. `directory` must be private. Throws
 * TOOL_FAILED.
 */
export async function createArchivePipe(directory: string): Promise<ArchivePipe> {
  const path = join(directory, 'archive-pipe')
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path])
    // In this order neither end waits for the other.
    const source = new PipeSource(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
    return { writeEnd: openSync(path, constants.O_WRONLY), source }
  } catch (error) {
    throw new OperatorError('TOOL_FAILED', `No pipe for pg_dump could be made: ${errorMessage(error)}`, {
      cause: error,
    })
  } finally {
    await rm(path, { force: true })
  }
}

/** A fill that waits for bytes. */
interface Fill {
  readonly into: Uint8Array
  used: number
  readonly resolve: (used: number) => void
  readonly reject: (reason: unknown) => void
}

class PipeSource implements ByteSource {
  readonly #socket: Socket
  /** Takes what arrives between two reads: the socket names its next buffer before it pauses. */
  readonly #landing = Buffer.allocUnsafeSlow(PIPE_BYTES)
  #landed = this.#landing.subarray(0, 0)
  #fill: Fill | undefined
  #isEnded = false
  #failure: { readonly reason: unknown } | undefined

  constructor(readEnd: number) {
    this.#socket = new Socket({
      fd: readEnd,
      writable: false,
      onread: {
        buffer: () => this.#fill?.into.subarray(this.#fill.used) ?? this.#landing,
        callback: (bytes, buffer) => this.#take(bytes, buffer),
      },
    })
    this.#socket.on('error', error => this.stop(error))
    this.#socket.on('close', () => this.#end())
  }

  fill(into: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#fill = { into, used: 0, resolve, reject }
      this.#takeLanded()
      if (this.#failure !== undefined) this.stop(this.#failure.reason)
      else if (this.#isEnded) this.#settle()
      else if (this.#fill !== undefined) this.#socket.resume()
    })
  }

  stop(reason: unknown): void {
    this.#failure ??= { reason }
    this.#fill?.reject(this.#failure.reason)
    this.#fill = undefined
    this.#socket.destroy()
  }

  /** True while more is wanted; false pauses the socket. */
  #take(bytes: number, buffer: Uint8Array): boolean {
    if (buffer === this.#landing) {
      this.#landed = this.#landing.subarray(0, bytes)
      this.#takeLanded()
    } else if (this.#fill !== undefined) {
      this.#fill.used += bytes
      if (this.#fill.used === this.#fill.into.length) this.#settle()
    }
    return this.#fill !== undefined
  }

  #takeLanded(): void {
    const fill = this.#fill
    if (fill === undefined) return
    const taken = this.#landed.subarray(0, fill.into.length - fill.used)
    fill.into.set(taken, fill.used)
    fill.used += taken.length
    this.#landed = this.#landed.subarray(taken.length)
    if (fill.used === fill.into.length) this.#settle()
  }

  #settle(): void {
    const fill = this.#fill
    this.#fill = undefined
    fill?.resolve(fill.used)
  }

  #end(): void {
    this.#isEnded = true
    this.#settle()
  }
}
