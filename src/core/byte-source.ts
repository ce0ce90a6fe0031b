/**
 * A stream that is read straight into the memory of its reader: nothing is allocated or copied
 * between.
 */
export interface ByteSource {
  /**
   * Fills `into` from its start and returns how many bytes came: fewer than it holds, only at the end. One
   * fill at a time. Rejects when the source failed or was stopped.
   */
  fill(into: Uint8Array): Promise<number>
  /** Ends the source. A fill that waits, and any later one, rejects with the reason. */
  stop(reason: unknown): void
}
