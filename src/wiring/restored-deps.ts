import type { Connection } from '../core/pg/connection.ts'
import { readRestoredContent } from '../postgres/catalog/content.ts'
import { measureAll, measureLive } from '../postgres/catalog/measure-criteria.ts'
import { readStructureChecks } from '../postgres/catalog/structure.ts'
import { openSession } from '../postgres/session/session.ts'
import type { ActionContext } from '../runner/action.ts'
import type { RestoredDeps } from '../steps/drill/judge-restored.ts'
import type { Store } from '../storage/store.ts'

/** What the judging of a restored database needs, all but the smoke command. Every session only reads. */
export function createRestoredDeps(
  { log }: Pick<ActionContext, 'log'>,
  restored: Connection,
  live: Connection | undefined,
  store: Store,
  signal: AbortSignal,
): Omit<RestoredDeps, 'smoke'> {
  return {
    store,
    log,
    now: () => new Date(),
    readContent: original => readRestoredContent(restored, original, signal),
    readStructure: async () => {
      await using session = await openSession(restored, signal, 'reading')
      return await readStructureChecks(session)
    },
    readVersion: async () => {
      await using session = await openSession(restored, signal, 'reading')
      const { version } = await session.row<{ version: string }>(
        `SELECT pg_catalog.current_setting('server_version') AS version`,
      )
      return version.split(' ')[0] ?? version
    },
    measureRestored: criteria => measureAll(restored, criteria, signal, 'reading'),
    measureLive: live && (criteria => measureLive(live, criteria, signal)),
  }
}
