import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mayLackWhatItNeeds, renderUseList } from '../core/backup/archive-toc.ts'
import type { Manifest } from '../core/backup/manifest.ts'
import { schemasToLeaveOut } from '../core/backup/partial-backup.ts'
import type { Check } from '../core/checks/check.ts'
import { scratchNeeds } from '../core/drill/scratch-needs.ts'
import type { Connection } from '../core/pg/connection.ts'
import { parseVersion } from '../core/pg/version.ts'
import { readRestoredContent } from '../postgres/catalog/content.ts'
import { measureAll, measureLive } from '../postgres/catalog/measure-criteria.ts'
import { readStructureChecks } from '../postgres/catalog/structure.ts'
import { connectionEnvironment } from '../postgres/client-tools/passfile.ts'
import { checkWithAmcheck } from '../postgres/client-tools/pg-amcheck.ts'
import { startRestore } from '../postgres/client-tools/pg-restore.ts'
import { listArchive, readSchemas } from '../postgres/client-tools/pg-restore-list.ts'
import { readFreeBytes } from '../postgres/install/disk-space.ts'
import type { ScratchDatabase } from '../postgres/scratch/database.ts'
import { openSession } from '../postgres/session/session.ts'
import type { ActionContext } from '../runner/action.ts'
import type { DrillTools } from '../steps/drill/drill.ts'
import { reportProgress } from '../steps/report-progress.ts'
import { downloadArchive } from '../storage/download.ts'
import type { Store } from '../storage/store.ts'
import { requireTool } from './require-tool.ts'
import { openScratch, SERVER_BYTES } from './scratch-server.ts'

/** A copy that is thrown away subscribes to nothing: a database with a subscription cannot even be dropped. */
const DRILL_ONLY = ['--no-subscriptions']

export interface DrillSetting {
  readonly store: Store
  readonly signal: AbortSignal
  /** Private, and removed afterwards. */
  readonly directory: string
  /** A server to restore on; undefined makes one of our own. */
  readonly scratch: Connection | undefined
  /** A live database to compare criteria with. */
  readonly live: Connection | undefined
  readonly jobs: number
  /** Whether pg_amcheck reads every page. */
  readonly amcheck: boolean
}

/** What the drill step needs, all but the smoke command. Throws TOOL_MISSING without a pg_restore that can read the archive. */
export async function createDrillTools(
  context: ActionContext,
  setting: DrillSetting,
  manifest: Manifest,
): Promise<Omit<DrillTools, 'smoke'>> {
  const { store, signal, directory, scratch, live, jobs, amcheck } = setting
  const { variables } = context.environment
  const pgRestore = await requireTool(context, 'pg_restore', parseVersion(manifest.archive.toolVersion).major)
  const pgAmcheck = amcheck ? await requireTool(context, 'pg_amcheck', pgRestore.version.major) : undefined
  const archivePath = join(directory, 'archive.dump')
  /** The entries of a partial archive but the schemas that are there, and what needs something outside of it. */
  const listOfPartial = async (env: Readonly<Record<string, string>>) => {
    const path = join(directory, 'entries.list')
    const entries = await listArchive(pgRestore.path, archivePath, [], env)
    const question = { pgRestore: pgRestore.path, archive: archivePath, entries, path, env }
    const there = schemasToLeaveOut(manifest)
    const schemas = there.length === 0 ? new Map() : await readSchemas(question)
    const kept = entries.filter(
      entry => !there.includes(schemas.get(entry.id) ?? '') && !mayLackWhatItNeeds(entry, manifest.backup),
    )
    await writeFile(path, renderUseList(kept), { mode: 0o600 })
    return path
  }
  return {
    store,
    signal,
    log: context.log,
    now: () => new Date(),
    archivePath,
    disk: async () => ({
      freeBytes: await readFreeBytes(directory),
      databaseBytes: scratch === undefined ? scratchNeeds(manifest).databaseBytes + SERVER_BYTES : 0,
    }),
    download: (archive, path, onBytes) => downloadArchive(store, archive, path, onBytes),
    pgRestore: pgRestore.version,
    openScratch: () => openScratch(context, setting, manifest),
    startRestore: async database => {
      const env = await connectionEnvironment(database.connection, directory, variables)
      const list = manifest.backup.kind === 'partial' ? [`--use-list=${await listOfPartial(env)}`] : []
      return startRestore({
        path: pgRestore.path,
        archive: archivePath,
        jobs,
        env,
        args: [...DRILL_ONLY, ...list],
      })
    },
    readContent: (database, original) => readRestoredContent(database.connection, original, signal),
    readStructure: async database => {
      await using session = await openSession(database.connection, signal, 'reading')
      return await readStructureChecks(session)
    },
    checkPages: pgAmcheck && (database => checkPages(context, setting, pgAmcheck.path, database)),
    measureScratch: (database, criteria) => measureAll(database.connection, criteria, signal),
    measureLive: live && (criteria => measureLive(live, criteria, signal)),
  }
}

async function checkPages(
  { environment, log }: ActionContext,
  { directory, jobs, signal }: DrillSetting,
  path: string,
  { connection }: ScratchDatabase,
): Promise<Check> {
  const env = await connectionEnvironment(connection, directory, environment.variables)
  let table: string | undefined
  using _progress = reportProgress(
    log,
    () => new Date(),
    () => ({ bytes: undefined, table }),
  )
  const onProgress = (text: string) => {
    table = `pg_amcheck ${text}`
  }
  return await checkWithAmcheck({ path, env, jobs, signal, onProgress })
}
