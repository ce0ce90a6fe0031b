/** What keeps an object from being deleted, by the store's word. */
export interface ObjectLock {
  /** Until when retention holds; null without retention. */
  readonly until: Date | null
  readonly isLegalHold: boolean
}

/** A lock that holds at this moment. */
export function holdsNow({ until, isLegalHold }: ObjectLock, now: Date): boolean {
  return isLegalHold || (until !== null && until > now)
}

/** What becomes of backups that nothing keeps. */
export interface Deletions<T> {
  /** Deleted by this run, oldest first. */
  readonly now: readonly T[]
  /** Locked in the store. */
  readonly waiting: readonly T[]
  /** More than one run may delete. */
  readonly later: readonly T[]
}

/** Takes the oldest first, at most `maxDelete`; a locked one does not count. */
export function selectDeletions<T>(
  oldestFirst: readonly T[],
  isLocked: (candidate: T) => boolean,
  maxDelete: number,
): Deletions<T> {
  const free = oldestFirst.filter(candidate => !isLocked(candidate))
  return {
    now: free.slice(0, maxDelete),
    waiting: oldestFirst.filter(isLocked),
    later: free.slice(maxDelete),
  }
}
