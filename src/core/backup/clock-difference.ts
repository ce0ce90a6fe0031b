/** So far may clocks be apart. */
const TOLERANCE_MS = 5 * 60_000

/**
 * A warning where the clocks of a database server and of the runner differ; undefined where they agree. Ids
 * sort by the server's clock: one that is behind makes a backup older than the one before.
 */
export function describeClockDifference(server: Date, runner: Date): string | undefined {
  if (Math.abs(server.getTime() - runner.getTime()) <= TOLERANCE_MS) return undefined
  return `The clock of the database server says ${server.toISOString()}, that of the runner ${runner.toISOString()}. Backups are ordered by the server's clock: set both by NTP.`
}
