import { randomBytes } from 'node:crypto'
import { type BackupId, renderBackupId } from '../../core/backup/backup-id.ts'
import { archiveKey, manifestKey } from '../../core/backup/bucket-layout.ts'
import { describeClockDifference } from '../../core/backup/clock-difference.ts'
import { contentOptions, type DumpOptions, isPartial } from '../../core/backup/dump-options.ts'
import { OperatorError } from '../../core/errors.ts'
import { parseNamePattern } from '../../core/pg/name-pattern.ts'
import {
  canDump,
  describeBelowFloor,
  fromVersionNumber,
  isBelowSecurityFloor,
  type PostgresVersion,
  renderVersion,
  securityFloor,
} from '../../core/pg/version.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import { renderAmount } from '../../core/text/counts.ts'
import type { ServerFacts } from '../../postgres/catalog/server-facts.ts'
import type { DumpSelection } from '../../postgres/catalog/tables.ts'
import type { DumpReport } from '../../postgres/client-tools/pg-dump.ts'
import type { Snapshot } from '../../postgres/source/snapshot.ts'
import type { Upload } from '../../storage/multipart/upload.ts'
import { createManifest } from './build-manifest.ts'
import { finishCopies, toCopyRequests } from './finish-copies.ts'
import type { DumpDeps, DumpRequest, DumpResult, PgDump } from './request.ts'
import { dumpInto } from './stream-archive.ts'
import { writeManifest } from './write-manifest.ts'

/**
 * Dumps a database into the store and returns the manifest, which is written last: only then there is a
 * backup. A failure before that leaves no object and no part behind. Its copies follow, and cannot take it
 * back. Throws an OperatorError.
 */
export async function dump(request: DumpRequest, tools: DumpDeps): Promise<DumpResult> {
  const { source, store, log, now } = tools
  const { options, location } = request
  const startedAt = now()
  const selection = toSelection(options)
  const server = await source.readFacts(selection)
  const pgDump = await findPgDump(tools, server)
  await source.refuseObstacles(selection)
  await warnOfGaps(tools, server)
  for (const pattern of await source.findUnmatched(options.excludeTables))
    log.warning(`exclude-tables: no table matches ${pattern}, so nothing is left out for it.`)

  const snapshot = await source.holdSnapshot(selection, options.lockTimeoutMs)
  refuseEmptySelection(snapshot, options)
  reportSnapshot(snapshot, server, tools)
  const id = createId(request, snapshot.instant)
  const key = archiveKey(location, id, options.format === 'plain' ? 'sql' : 'dump')

  // pg_dump asks the database for a while before it writes anything: it does not wait for the store.
  const beginning = tools.beginUpload({
    ...request.storage,
    key,
    backupId: renderBackupId(id),
    databaseBytes: server.databaseBytes,
    isPartial: isPartial(request.options),
    copies: toCopyRequests(request, id),
  })
  await using _undone = removal(beginning)
  const dumped = await dumpInto(beginning, snapshot, pgDump, request, tools)
  // Nothing waits for the end of its sessions.
  void source[Symbol.asyncDispose]()
  refuseIncomplete(dumped.report, snapshot, server)
  const dumpMs = now().getTime() - startedAt.getTime()

  const upload = await beginning
  const stored = await upload.complete(dumped.archive)
  const manifest = createManifest(request, {
    id,
    bucket: store.bucket,
    tool: pgDump.version,
    key,
    server,
    snapshot,
    stored,
    archive: dumped.archive,
    content: dumped.content,
    sequences: dumped.sequences,
    durations: { dumpMs, totalMs: now().getTime() - startedAt.getTime() },
  })
  await tools.judge?.(manifest)
  await writeManifest(store, upload, manifestKey(location, id), manifest)
  log.info(`Stored ${renderBytes(stored.bytes)} as ${store.uri(key)}, manifest written; backup complete.`)
  return { manifest, copies: await finishCopies(request, upload.copies, manifest, dumped.archive, log) }
}

/** Disposes of an upload, also of one that is begun only then. */
function removal(beginning: Promise<Upload>): AsyncDisposable {
  const begun = beginning.catch(() => undefined)
  return { [Symbol.asyncDispose]: async () => await (await begun)?.[Symbol.asyncDispose]() }
}

function toSelection(options: DumpOptions): DumpSelection {
  return {
    tables: options.tables.map(parseNamePattern),
    excludeTables: options.excludeTables.map(parseNamePattern),
    schemas: options.schemas.map(parseNamePattern),
  }
}

/** pg_dump must be as new as the server, and ought to have its security fixes. */
async function findPgDump(tools: DumpDeps, server: ServerFacts): Promise<PgDump> {
  const serverVersion = fromVersionNumber(server.versionNumber)
  const pgDump = await tools.findPgDump(serverVersion.major)
  const tool = pgDump.version
  const problem = describeBelowFloor('pg_dump', tool)
  if (problem !== undefined) tools.log.warning(problem)
  if (canDump(tool, serverVersion)) {
    refuseUnknownOptions(tool, server)
    return pgDump
  }
  throw new OperatorError(
    'TOOL_TOO_OLD',
    `pg_dump ${renderVersion(tool)} cannot dump a server of version ${server.version}: it must be of the same major version or a newer one.`,
    {
      hint: `Run setup-pg18 before this step, or install PostgreSQL ${serverVersion.major} client tools and put them first on the PATH.`,
    },
  )
}

/**
 * Releases of one day know the same column options; an older pg_dump copies a newer one into the archive, as
 * an ALTER COLUMN that no server takes (17.12 and 18.6).
 */
function refuseUnknownOptions(tool: PostgresVersion, { version, columnOptions }: ServerFacts): void {
  if (!isBelowSecurityFloor(tool) || columnOptions.length === 0) return
  throw new OperatorError(
    'TOOL_TOO_OLD',
    `pg_dump ${renderVersion(tool)} is older than the server's release ${version}: it would write the column option ${columnOptions.join(', ')} into the archive, which then does not restore.`,
    {
      hint: `Run setup-pg18 before this step, so that pg_dump is of release ${renderVersion(securityFloor(tool))} or newer.`,
    },
  )
}

/**
 * What the archive will lack, or what will make its restore fail, while it can still be changed.
 */
async function warnOfGaps({ source, log }: DumpDeps, server: ServerFacts): Promise<void> {
  for (const { constraint, table, rename } of await source.readNotNullClashes(server))
    log.warning(
      `Constraint ${constraint} on ${table} has the name that PostgreSQL 18 gives a NOT NULL, so that this backup will not restore there. Rename it: ${rename}`,
    )
  if (server.hiddenMappings > 0)
    log.info(
      `The role cannot read the options of ${renderAmount(server.hiddenMappings, 'user mapping')}: the archive holds none of their passwords.`,
    )
}

function refuseEmptySelection(snapshot: Snapshot, options: DumpOptions): void {
  if (!isPartial(options) || snapshot.tables.length > 0) return
  throw new OperatorError('INVALID_INPUT', `No table matches ${contentOptions(options).join(' ')}.`, {
    hint: 'Check the patterns in tables, exclude-tables and schemas: unquoted names fold to lower case.',
  })
}

function reportSnapshot(snapshot: Snapshot, server: ServerFacts, { log, now }: DumpDeps): void {
  const apart = describeClockDifference(snapshot.instant, now())
  if (apart !== undefined) log.warning(apart)
  log.info(
    `Snapshot ${snapshot.id} of ${server.database} (PostgreSQL ${server.version}, ${renderBytes(server.databaseBytes)}) at ${snapshot.instant.toISOString()}: ${snapshot.tables.length} tables locked against change of structure.`,
  )
}

/** Anything left out makes the backup partial, of any kind. */
function createId({ kind, options }: DumpRequest, instant: Date): BackupId {
  return { instant, kind: isPartial(options) ? 'partial' : kind, nonce: randomBytes(4).toString('hex') }
}

/**
 * Every table of the snapshot must be among those that pg_dump dumped. More is fine: extensions add rows of
 * theirs.
 */
function refuseIncomplete(report: DumpReport, snapshot: Snapshot, { encoding }: ServerFacts): void {
  const expected = snapshot.tables
    .filter(table => !table.isPartitioned)
    .map(table => `${table.schema}.${table.name}`)
  const missing = expected.filter(name => !report.dumpedTables.has(name, encoding))
  if (missing.length === 0) return
  throw new OperatorError(
    'DUMP_INCOMPLETE',
    `pg_dump left out ${missing.length} of ${expected.length} tables: ${missing.slice(0, 10).join(', ')}.`,
    {
      hint: 'No backup was made. Please report this with the log of this step.',
    },
  )
}
