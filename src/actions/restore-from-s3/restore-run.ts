import { join } from 'node:path'
import type { Connection } from '../../core/pg/connection.ts'
import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import { inForeignKeyOrder } from '../../core/restore/foreign-key-order.ts'
import { withRestoreSettings, withSafePath } from '../../core/restore/session-settings.ts'
import type { Tool } from '../../postgres/client-tools/find-tool.ts'
import { connectionEnvironment } from '../../postgres/client-tools/passfile.ts'
import { openSession } from '../../postgres/session/session.ts'
import { readForeignKeys } from '../../postgres/target/foreign-keys.ts'
import { findMaintenance } from '../../postgres/target/swap.ts'
import type { ActionContext } from '../../runner/action.ts'
import type { FoundManifest } from '../../steps/backups/read-manifest.ts'
import type { Store } from '../../storage/store.ts'
import type { RestoreInputs } from './inputs.ts'

/** What a run begins with. */
interface RestoreStart {
  readonly inputs: RestoreInputs
  readonly manifest: FoundManifest
  readonly store: Store
  readonly signal: AbortSignal
  /** When the signal is aborted at the latest. */
  readonly endsAt: Date
  /** Marks what this run makes. */
  readonly nonce: string
  /** Private, and removed afterwards. */
  readonly directory: string
  readonly pgRestore: Tool
}

/** What every part of the restore works with. */
export interface RestoreRun extends RestoreStart {
  /** The target, with the settings of every session that restores. */
  readonly target: Connection
  /** Another database of the server, to rename from; undefined when none lets this role in. */
  readonly maintenance: Connection | undefined
  /** Environment of the PostgreSQL tools, which leads them to the target. */
  readonly env: Readonly<Record<string, string>>
  readonly archivePath: string
}

/** Prepares connections and paths. Connects to the server to look for a maintenance database. */
export async function openRun(context: ActionContext, start: RestoreStart): Promise<RestoreRun> {
  const { inputs, directory } = start
  // Sessions of ours and of the tools outlive the timeouts that the target's defaults may impose.
  const target = withRestoreSettings(inputs.target, inputs.sessionSettings)
  const maintenance = await findMaintenance(withSafePath(inputs.target), [
    inputs.maintenanceDatabase,
    'postgres',
    'template1',
  ])
  return {
    ...start,
    target,
    maintenance: maintenance && withRestoreSettings(maintenance, inputs.sessionSettings),
    env: await connectionEnvironment(target, directory, context.environment.variables),
    archivePath: join(directory, 'archive.dump'),
  }
}

/** Orders rows after those that they refer to, by the foreign keys of the target. */
export async function sortByForeignKeys<T extends QualifiedName>(
  { target, signal }: RestoreRun,
  tables: readonly T[],
): Promise<readonly T[]> {
  await using session = await openSession(target, signal)
  return inForeignKeyOrder(tables, await readForeignKeys(session, tables))
}
