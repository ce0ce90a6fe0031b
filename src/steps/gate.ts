import { gateKey, gatePrefix, type Location, parseBackupId, renderDrillId } from '../core/backup-key.ts'
import { renderDuration } from '../core/duration.ts'
import { OperatorError } from '../core/errors.ts'
import {
  coversLevel,
  GATE_VERSION,
  type GateRecord,
  parseGateRecord,
  renderGateRecord,
  type VerifyLevel,
} from '../core/gate-record.ts'
import type { Log } from '../core/log.ts'
import type { Manifest } from '../core/manifest.ts'
import type { MigrationReport } from '../core/migrations/migration-report.ts'
import { comparable, describeSizes, implausibleDrops, type PlausibilityRules } from '../core/plausibility.ts'
import type { Blocker } from '../postgres/blockers.ts'
import type { Store } from '../storage/store.ts'
import { findBackup, listBackups } from './find-backup.ts'

export interface GateRequest {
  readonly location: Location
  readonly onNone: 'skip' | 'snapshot'
  /** How long to wait for blockers to go away; null does not look for them. */
  readonly waitForBlockersMs: number | null
  /** A full backup younger than this is reused; undefined always takes a new one. */
  readonly reuseWithinMs: number | undefined
  readonly level: VerifyLevel
  readonly plausibility: PlausibilityRules
  readonly nonce: string
  readonly run: GateRecord['run']
}

/** What the gate needs from outside. */
export interface GateTools {
  readonly store: Store
  readonly detectMigrations: () => Promise<MigrationReport>
  readonly readBlockers: () => Promise<readonly Blocker[]>
  /** A new restore point. */
  readonly dump: () => Promise<Manifest>
  /** Throws where the backup cannot be proven to that level. */
  readonly verify: (manifest: Manifest, level: VerifyLevel) => Promise<void>
  readonly pause: (ms: number) => Promise<void>
  readonly now: () => Date
  readonly log: Log
}

export type GateReport =
  /** Nothing to migrate, so nothing was needed. */
  | { readonly kind: 'nothing-pending'; readonly migrations: MigrationReport }
  /** The deploy may go on: this is the way back. */
  | {
      readonly kind: 'open'
      readonly migrations: MigrationReport
      readonly manifest: Manifest
      readonly level: VerifyLevel
      /** How long before now the reused restore point was taken; null where it is new. */
      readonly reusedAgeMs: number | null
      readonly record: GateRecord
      readonly recordKey: string
    }

const BLOCKER_INTERVAL_MS = 2000
/** Records of earlier gates that are asked whether a backup was verified already. */
const RECORDS_ASKED = 20

/**
 * Answers one question before a deploy that may migrate: can we get back to this instant? Returns only when the answer is yes,
 * or when there is nothing to migrate; everything else throws, and the deploy must not go on.
 */
export async function gate(request: GateRequest, tools: GateTools): Promise<GateReport> {
  const { log } = tools
  const startedAt = tools.now()
  const migrations = await tools.detectMigrations()
  log.info(
    `Migrations${migrations.tool === undefined ? '' : ` (${migrations.tool})`}: ${migrations.state}. ${migrations.why}`,
  )
  for (const name of migrations.pending) log.info(`  pending: ${name}`)
  if (migrations.state === 'none' && request.onNone === 'skip') return { kind: 'nothing-pending', migrations }

  await waitForBlockers(request, tools)
  const reused = await findReusable(request, tools)
  const manifest = reused ?? (await log.group('Take a restore point', tools.dump))
  await refuseImplausible(manifest, request, tools)
  const isProven = reused !== undefined && (await wasVerified(reused, request, tools))
  if (isProven)
    log.info(
      `${manifest.backup.id} was verified to level ${request.level} by an earlier gate; the store still holds it.`,
    )
  await log.group(`Verify ${manifest.backup.id}`, () =>
    tools.verify(manifest, isProven ? 'checksum' : request.level),
  )

  const reusedAgeMs =
    reused === undefined ? null : tools.now().getTime() - Date.parse(reused.backup.snapshotAt)
  const written = await writeRecord(manifest, migrations, startedAt, request, tools)
  return { kind: 'open', migrations, manifest, level: request.level, reusedAgeMs, ...written }
}

/** Nothing that waits or holds locks may be in the way: the dump would queue behind it, and production behind the migration. */
async function waitForBlockers({ waitForBlockersMs }: GateRequest, tools: GateTools): Promise<void> {
  if (waitForBlockersMs === null) return
  const deadline = tools.now().getTime() + waitForBlockersMs
  for (;;) {
    const blockers = await tools.readBlockers()
    if (blockers.length === 0) return
    const isLate = tools.now().getTime() >= deadline
    for (const blocker of blockers) tools.log.info(`  in the way: ${renderBlocker(blocker)}`)
    if (isLate) throw blocked(blockers)
    await tools.pause(BLOCKER_INTERVAL_MS)
  }
}

function blocked(blockers: readonly Blocker[]): OperatorError {
  const more = blockers.length > 3 ? `, and ${blockers.length - 3} more` : ''
  return new OperatorError(
    'GATE_BLOCKED',
    `In the way: ${blockers.slice(0, 3).map(renderBlocker).join('; ')}${more}.`,
    {
      hint: 'Wait until they are done or end them (SELECT pg_terminate_backend(<pid>)), or set on-blockers to wait:<duration> or ignore.',
    },
  )
}

/** One line: what it is, who, for how long, and what it does. */
export function renderBlocker({ kind, pid, user, state, ageMs, query, relation }: Blocker): string {
  const facts = [
    kind,
    pid !== null && `pid ${pid}`,
    user !== null && `user ${user}`,
    state,
    ageMs !== null && renderDuration(ageMs),
    relation,
    query,
  ]
  return facts.filter(fact => fact !== null && fact !== false).join(', ')
}

/** The newest full backup that is young enough. */
async function findReusable(request: GateRequest, tools: GateTools): Promise<Manifest | undefined> {
  const { reuseWithinMs, location } = request
  if (reuseWithinMs === undefined) return undefined
  const since = tools.now().getTime() - reuseWithinMs
  const ids = await listBackups(location, tools.store)
  if (!ids.some(({ kind, instant }) => kind !== 'partial' && instant.getTime() >= since)) return undefined
  const manifest = await findBackup({ by: 'latest' }, location, tools.store, tools.log)
  if (Date.parse(manifest.backup.snapshotAt) < since || manifest.archive.format !== 'custom') return undefined
  tools.log.info(`Reusing ${manifest.backup.id} from ${manifest.backup.snapshotAt} as the restore point.`)
  return manifest
}

/** Whether an earlier gate proved exactly this object to at least this level. */
async function wasVerified(
  { backup, object }: Manifest,
  request: GateRequest,
  tools: GateTools,
): Promise<boolean> {
  const keys = (await tools.store.list(gatePrefix(request.location))).slice(-RECORDS_ASKED)
  for (const key of keys.toReversed()) {
    const record = parseGateRecord(await tools.store.getText(key), key)
    const isSame = record.backup.id === backup.id && record.backup.sha256 === object.sha256
    if (isSame && coversLevel(record.gate.level, request.level)) return true
  }
  return false
}

/** The most common silent loss is a dump of a database that was broken already. */
async function refuseImplausible(manifest: Manifest, request: GateRequest, tools: GateTools): Promise<void> {
  if (manifest.backup.kind === 'partial') return
  const previous = await findPrevious(manifest, request, tools)
  if (previous === undefined) return tools.log.info('There is no earlier full backup to compare rows with.')
  const obstacle = comparable(previous, manifest)
  if (obstacle !== undefined)
    return tools.log.warning(`The rows were not compared with an earlier backup. ${obstacle}`)
  tools.log.info(describeSizes(previous, manifest))
  const drops = implausibleDrops(previous, manifest, request.plausibility)
  if (drops.length === 0)
    return tools.log.info(
      `No table lost more than ${request.plausibility.maxDropPercent} % of its rows since ${previous.backup.id}.`,
    )
  for (const drop of drops) tools.log.info(`  ${drop.text}`)
  const more = drops.length > 3 ? `, and ${drops.length - 3} more` : ''
  throw new OperatorError(
    'GATE_IMPLAUSIBLE',
    `Since ${previous.backup.id} (${previous.backup.snapshotAt}): ${drops
      .slice(0, 3)
      .map(({ text }) => text)
      .join('; ')}${more}.`,
    {
      hint: `If data was lost, restore ${previous.backup.id}. If this was meant, name the tables in expected-drops.`,
    },
  )
}

async function findPrevious(
  manifest: Manifest,
  { location }: GateRequest,
  { store, log }: GateTools,
): Promise<Manifest | undefined> {
  const instant = parseBackupId(manifest.backup.id).instant
  try {
    return await findBackup({ by: 'before', instant }, location, store, log)
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'BACKUP_NOT_FOUND') return undefined
    throw error
  }
}

async function writeRecord(
  manifest: Manifest,
  migrations: MigrationReport,
  startedAt: Date,
  request: GateRequest,
  tools: GateTools,
): Promise<{ readonly record: GateRecord; readonly recordKey: string }> {
  const { location, level, nonce, run } = request
  const { backup, object } = manifest
  const at = tools.now()
  const record: GateRecord = {
    version: GATE_VERSION,
    gate: { id: renderDrillId(at, nonce), database: location.database, at: at.toISOString(), level },
    backup: {
      id: backup.id,
      bucket: object.bucket,
      key: object.key,
      versionId: object.versionId,
      sha256: object.sha256,
      bytes: object.bytes,
      snapshotAt: backup.snapshotAt,
    },
    durations: { totalMs: at.getTime() - startedAt.getTime() },
    migrations: { tool: migrations.tool ?? null, pending: migrations.pending },
    run,
  }
  const recordKey = gateKey(location, at, nonce)
  await tools.store.putJson(recordKey, renderGateRecord(record), { sse: undefined })
  return { record, recordKey }
}
