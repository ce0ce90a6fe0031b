import type { Location } from '../../core/backup/bucket-layout.ts'
import type { PastBackup } from '../../core/summary/backup-trend.ts'
import { readPastBackups } from '../../steps/backups/past-records.ts'
import type { Store } from '../../storage/store.ts'

/**
 * The backups before this one, which are read while it is made. Disposing gives up what is not there yet.
 */
export class PastBackups implements Disposable {
  readonly #giveUp = new AbortController()
  readonly #read: () => Promise<readonly PastBackup[] | undefined>
  #found: Promise<readonly PastBackup[] | undefined> | undefined

  constructor(isPartial: boolean, location: Location, store: Store) {
    this.#read = () => readPastBackups(isPartial, location, store, this.#giveUp.signal)
  }

  /** Begins to read when the store has answered the work; returns what that does. */
  async beginAfter<T>(work: Promise<T>): Promise<T> {
    const done = await work
    this.#found ??= this.#read()
    return done
  }

  /** Undefined where nothing could be listed. */
  async found(): Promise<readonly PastBackup[] | undefined> {
    return await this.#found
  }

  [Symbol.dispose](): void {
    this.#giveUp.abort()
  }
}
