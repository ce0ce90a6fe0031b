import { join } from 'node:path'
import { type ArchiveToc, mayLackWhatItNeeds } from '../core/backup/archive-toc.ts'
import type { Manifest } from '../core/backup/manifest.ts'
import { schemasToLeaveOut } from '../core/backup/partial-backup.ts'
import type { Check } from '../core/checks/check.ts'
import { scratchNeeds } from '../core/drill/scratch-needs.ts'
import type { Connection } from '../core/pg/connection.ts'
import { parseVersion } from '../core/pg/version.ts'
import { readRestoredContent } from '../postgres/catalog/content.ts'
import { measureAll, measureLive } from '../postgres/catalog/measure-criteria.ts'
import { readRecomputedChecks, readStructureChecks } from '../postgres/catalog/structure.ts'
import { readArchiveToc } from '../postgres/client-tools/archive-toc-file.ts'
import { connectionEnvironment } from '../postgres/client-tools/passfile.ts'
import { checkWithAmcheck } from '../postgres/client-tools/pg-amcheck.ts'
import { readFreeBytes } from '../postgres/install/disk-space.ts'
import type { ScratchDatabase } from '../postgres/scratch/database.ts'
import { handOver, installAmcheck } from '../postgres/scratch/owner-role.ts'
import { openSession } from '../postgres/session/session.ts'
import { compareArchiveRows } from '../postgres/target/compare-rows.ts'
import type { ActionContext } from '../runner/action.ts'
import type { DrillDeps } from '../steps/drill/request.ts'
import { reportProgress } from '../steps/report-progress.ts'
import { downloadArchive } from '../storage/download.ts'
import type { Store } from '../storage/store.ts'
import { createPassDeps } from './pass-deps.ts'
import { requireTool } from './require-tool.ts'
import { openScratch, SERVER_BYTES } from './scratch-server.ts'

interface DrillRun {
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

/**
 * What the drill step needs, all but the smoke command. Throws TOOL_MISSING without a pg_restore that can
 * read the archive.
 */
export async function createDrillDeps(
  context: ActionContext,
  run: DrillRun,
  manifest: Manifest,
): Promise<Omit<DrillDeps, 'smoke'>> {
  const { store, signal, directory, scratch, live, jobs, amcheck } = run
  const { variables } = context.environment
  const pgRestore = await requireTool(context, 'pg_restore', parseVersion(manifest.archive.toolVersion).major)
  const psql = await requireTool(context, 'psql', pgRestore.version.major)
  const pgAmcheck = amcheck ? await requireTool(context, 'pg_amcheck', pgRestore.version.major) : undefined
  const archivePath = join(directory, 'archive.dump')
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
    openScratch: () => openScratch(context, run, manifest),
    readArchive: async () => chooseForDrill(await readArchiveToc(archivePath), manifest),
    passesFor: ({ connection, superuser }) =>
      createPassDeps({
        pgRestore: pgRestore.path,
        archive: archivePath,
        directory,
        jobs,
        signal,
        variables,
        connectionOf: role => (role === 'superuser' ? (superuser ?? connection) : connection),
        ownerRole: undefined,
        grants: false,
        handOver: async () => {
          if (superuser !== undefined) await handOver(superuser, connection.user, signal)
        },
      }),
    readContent: (database, original) => readRestoredContent(database.connection, original, signal),
    compareRows: ({ connection }, restored) =>
      compareArchiveRows({
        pgRestore: pgRestore.path,
        psql: psql.path,
        archive: archivePath,
        entries: restored.filter(({ kind }) => kind === 'TABLE DATA'),
        connection,
        directory,
        inherited: variables,
        textSettings: manifest.archive.textSettings,
        signal,
      }),
    readStructure: database => readStructure(database, manifest, signal),
    checkPages: pgAmcheck && (database => checkPages(context, run, pgAmcheck.path, database)),
    measureScratch: (database, criteria) => measureAll(database.connection, criteria, signal),
    measureLive: live && (criteria => measureLive(live, criteria, signal)),
  }
}

async function readStructure(
  { connection }: ScratchDatabase,
  { fingerprint }: Manifest,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  await using session = await openSession(connection, signal, 'reading')
  const checks = await readStructureChecks(session)
  // Hashes of the source know the values themselves.
  return fingerprint.level === 'content' ? checks : [...checks, ...(await readRecomputedChecks(session))]
}

/** A partial archive without the schemas that are there, and without what needs something outside of it. */
function chooseForDrill(toc: ArchiveToc, manifest: Manifest): ArchiveToc {
  if (manifest.backup.kind !== 'partial') return toc
  const there = schemasToLeaveOut(manifest)
  const mayLack = mayLackWhatItNeeds(toc.entries, manifest.backup)
  const entries = toc.entries.filter(
    entry => !(entry.kind === 'SCHEMA' && there.includes(entry.name)) && !mayLack(entry),
  )
  return { ...toc, entries }
}

async function checkPages(
  { environment, log }: ActionContext,
  { directory, jobs, signal }: DrillRun,
  path: string,
  { connection, superuser }: ScratchDatabase,
): Promise<Check> {
  if (superuser !== undefined) await installAmcheck(superuser, connection.user, signal)
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
