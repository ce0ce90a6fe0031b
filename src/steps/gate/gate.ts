import { gateKey, type Location, renderDrillId } from '../../core/backup/bucket-layout.ts'
import type { BackupCopy } from '../../core/backup/copies.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import {
  GATE_VERSION,
  type GateRecord,
  renderGateRecord,
  type VerifyLevel,
} from '../../core/gate/gate-record.ts'
import type { Plausibility, PlausibilityRules } from '../../core/gate/row-drops.ts'
import type { MigrationReport } from '../../core/migrations/migration-report.ts'
import { renderGateHead } from '../../core/summary/gate-trend.ts'
import type { DatabaseIdentity } from '../../postgres/catalog/database-identity.ts'
import type { Store } from '../../storage/store.ts'
import { fullBackups } from '../backups/full-backups.ts'
import type { DumpResult } from '../dump/request.ts'
import { judgeRows } from './compare-rows.ts'
import { readLastGates } from './gate-records.ts'
import { type WaitDeps, waitForBlockers } from './wait-for-blockers.ts'

interface GateRequest {
  readonly location: Location
  readonly onNone: 'skip' | 'snapshot'
  /** How long to wait for blockers to go away; null does not look for them. */
  readonly waitForBlockersMs: number | null
  /** A full backup younger than this is reused; undefined always takes a new one. */
  readonly reuseWithinMs: number | undefined
  readonly level: VerifyLevel
  readonly plausibility: PlausibilityRules
  /** Of the record. */
  readonly nonce: string
  readonly run: GateRecord['run']
}

/** What the gate needs from outside. */
interface GateDeps extends WaitDeps {
  readonly store: Store
  readonly detectMigrations: () => Promise<MigrationReport>
  readonly readIdentity: () => Promise<DatabaseIdentity>
  /** A new restore point, which does not become a backup when `judge` throws. */
  readonly dump: (judge: (manifest: Manifest) => Promise<void>) => Promise<DumpResult>
  /** The copies of a backup that is used again. Throws where one is missing that must exist. */
  readonly findCopies: (manifest: Manifest) => Promise<readonly BackupCopy[]>
  /** Throws where the backup cannot be proven to that level. */
  readonly verify: (manifest: Manifest, level: VerifyLevel) => Promise<void>
}

export type GateReport =
  /** Nothing to migrate, so nothing was needed. */
  | { readonly kind: 'nothing-pending'; readonly migrations: MigrationReport }
  /** The deploy may go on: this is its restore point. */
  | {
      readonly kind: 'open'
      readonly migrations: MigrationReport
      readonly manifest: Manifest
      readonly copies: readonly BackupCopy[]
      readonly level: VerifyLevel
      readonly plausibility: Plausibility
      /** Sessions that this role may not look into: a long transaction may be among them. */
      readonly hiddenSessions: number
      /** Null where the restore point is new. */
      readonly reused: Reuse | null
      readonly record: GateRecord
      readonly recordKey: string
    }

interface Reuse {
  /** How long before now the restore point was taken, by the server's clock. */
  readonly ageMs: number
  /** Gates of other runs that let migrations through since then: going back undoes those too. */
  readonly laterGates: readonly GateRecord[]
}

/**
 * Answers one question before a deploy that may migrate: can we get back to this instant? Returns only when
 * the answer is yes, or when there is nothing to migrate. Everything else throws, and the deploy must stop.
 */
export async function gate(request: GateRequest, deps: GateDeps): Promise<GateReport> {
  const { log } = deps
  const { level } = request
  const startedAt = deps.now()
  const migrations = await deps.detectMigrations()
  log.info(
    `Migrations${migrations.tool === undefined ? '' : ` (${migrations.tool})`}: ${migrations.state}. ${migrations.why}`,
  )
  for (const name of migrations.pending) log.info(`  pending: ${name}`)
  if (migrations.state === 'none' && request.onNone === 'skip') return { kind: 'nothing-pending', migrations }

  const hiddenSessions = await waitForBlockers(request.waitForBlockersMs, deps)
  const young = await findReusable(request, deps)
  const taken =
    young === undefined ? await takeRestorePoint(request, deps) : await reuse(young, request, deps)
  const { manifest } = taken
  // What is reused too: a record of an earlier gate is no proof, because it can be forged.
  await log.group(`Verify ${manifest.backup.id}`, () => deps.verify(manifest, level))

  const written = await writeRecord(taken, migrations, startedAt, request, deps)
  return { kind: 'open', migrations, level, hiddenSessions, ...taken, ...written }
}

interface RestorePoint {
  readonly manifest: Manifest
  readonly copies: readonly BackupCopy[]
  readonly plausibility: Plausibility
  readonly reused: Reuse | null
}

/** An implausible snapshot never becomes a backup: the next one would be compared with it. */
async function takeRestorePoint(request: GateRequest, deps: GateDeps): Promise<RestorePoint> {
  let plausibility: Plausibility | undefined
  const dumped = await deps.log.group('Take a restore point', () =>
    deps.dump(async finished => {
      plausibility = await judgeRows(finished, request.location, request.plausibility, deps)
    }),
  )
  if (plausibility === undefined) throw new Error('The dump did not call judge')
  return { ...dumped, plausibility, reused: null }
}

async function reuse(
  { manifest, ageMs }: YoungBackup,
  { location, plausibility: rules, run }: GateRequest,
  deps: GateDeps,
): Promise<RestorePoint> {
  const { backup } = manifest
  deps.log.info(`Reusing ${backup.id} from ${backup.snapshotAt} as the restore point.`)
  const plausibility = await judgeRows(manifest, location, rules, deps)
  const gates = await readLastGates(location, deps, new Date(backup.snapshotAt))
  const laterGates = gates.filter(
    gate => gate.gate.at > backup.snapshotAt && !(run.runId !== '' && gate.run.runId === run.runId),
  )
  return {
    manifest: inBucket(manifest, deps.store.bucket),
    copies: await deps.findCopies(manifest),
    plausibility,
    reused: { ageMs, laterGates },
  }
}

/** A copied or forged manifest may name another bucket; what is verified, printed and recorded is ours. */
function inBucket(manifest: Manifest, bucket: string): Manifest {
  return { ...manifest, object: { ...manifest.object, bucket } }
}

interface YoungBackup {
  readonly manifest: Manifest
  readonly ageMs: number
}

/** The newest full backup of exactly this database that is young enough, by the server's clock. */
async function findReusable(request: GateRequest, deps: GateDeps): Promise<YoungBackup | undefined> {
  const { reuseWithinMs, location, level } = request
  if (reuseWithinMs === undefined) return undefined
  const identity = await deps.readIdentity()
  const now = identity.now.getTime()
  // An id is to the second.
  const since = new Date(now - reuseWithinMs - 1000)
  for await (const manifest of fullBackups({ location, database: identity, since }, deps)) {
    const ageMs = now - Date.parse(manifest.backup.snapshotAt)
    if (ageMs >= 0 && ageMs <= reuseWithinMs && canBeProven(manifest, level)) return { manifest, ageMs }
  }
  return undefined
}

/** pg_restore reads no plain scripts, and a drill needs rows to compare with. */
function canBeProven({ archive, fingerprint }: Manifest, level: VerifyLevel): boolean {
  return archive.format === 'custom' && (level !== 'drill' || fingerprint.level !== 'none')
}

async function writeRecord(
  { manifest, copies }: RestorePoint,
  migrations: MigrationReport,
  startedAt: Date,
  request: GateRequest,
  deps: GateDeps,
): Promise<{ readonly record: GateRecord; readonly recordKey: string }> {
  const { location, level, nonce, run } = request
  const { backup, object } = manifest
  const at = deps.now()
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
    copies,
    durations: { totalMs: at.getTime() - startedAt.getTime() },
    migrations: { tool: migrations.tool ?? null, pending: migrations.pending },
    run,
  }
  const recordKey = gateKey(location, at, nonce)
  await deps.store.putJson(recordKey, renderGateRecord(record), { metadata: renderGateHead(record) })
  return { record, recordKey }
}
