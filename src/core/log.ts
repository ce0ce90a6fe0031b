/**
 * Where steps and adapters tell what they do. One line per fact, with units. The implementation makes every
 * line harmless for the runner, so callers pass text from databases and servers as it is.
 */
export interface Log {
  info(text: string): void
  /** Shown only when the job runs in debug mode. */
  debug(text: string): void
  /** An annotation: only where the reader can act. */
  warning(text: string): void
  /** Runs `work` inside a foldable group of the log. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>
}
