import { type ArchiveToc, type ChosenEntries, renderEntry } from '../../core/backup/archive-toc.ts'
import { renderIdentity } from '../../core/backup/database-identity.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { otherBucketNote } from '../../core/backup/restore-commands.ts'
import { OperatorError } from '../../core/errors.ts'
import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import { entriesOfOthers } from '../../core/restore/definer-rights.ts'
import { definerWarnings, leftOutWarnings } from '../../core/restore/entry-warnings.ts'
import {
  estimateRestore,
  type MeasuredDrill,
  type MeasuredRestore,
  type RestoreEstimate,
  renderEstimate,
} from '../../core/restore/estimate.ts'
import { type ApprovedPlan, planDigest } from '../../core/restore/plan-digest.ts'
import type { RestoreMode } from '../../core/restore/restore-record.ts'
import type { RestoreScope } from '../../core/restore/restore-scope.ts'
import { rightsAfter } from '../../core/restore/rights-after.ts'
import { type RowFacts, rowProblems, rowWarnings } from '../../core/restore/row-problems.ts'
import type { TriggerChoice } from '../../core/restore/row-trigger.ts'
import type { TargetFacts } from '../../core/restore/target-facts.ts'
import { targetProblems } from '../../core/restore/target-problems.ts'
import type {
  ArchiveFacts,
  TargetProblem,
  TargetRequirements,
} from '../../core/restore/target-requirements.ts'
import { targetWarnings } from '../../core/restore/target-warnings.ts'
import { renderBytes, renderCount } from '../../core/text/bytes.ts'
import { type RestoreTools as FetchDeps, fetchArchive, refuseUnrestorable } from '../backups/fetch-archive.ts'
import type { FoundManifest } from '../backups/read-manifest.ts'
import { timedGroup } from '../timed-group.ts'

export interface PlanRequest {
  readonly manifest: FoundManifest
  readonly scope: RestoreScope
  readonly address: ApprovedPlan['address']
  /** The digest of the plan that was approved; undefined when none was handed over. */
  readonly expectedDigest: string | undefined
  readonly triggers: TriggerChoice | undefined
  readonly restoresGrants: boolean
  readonly requirements: Omit<TargetRequirements, 'archive'>
}

export interface PlanDeps extends FetchDeps {
  readonly readTarget: () => Promise<TargetFacts>
  /**
   * Throws where something is missing that the mode needs besides the target: a tool, or a way to another
   * database.
   */
  readonly refuseUnready: (mode: RestoreMode, facts: TargetFacts) => Promise<void>
  /** Throws INVALID_INPUT where the server does not take the settings of the sessions that restore. */
  readonly trySettings: () => Promise<void>
  /** Lists the archive, decides what of it is restored, and lays that down for pg_restore. */
  readonly chooseEntries: (scope: RestoreScope, facts: TargetFacts) => Promise<PlannedEntries>
  /** What rows that replace those of these tables will meet. */
  readonly readRowFacts: (tables: readonly QualifiedName[]) => Promise<RowFacts>
  /** What a swap will not be able to pass on from the old database to the new one, as sentences. */
  readonly readUnpassable: () => Promise<readonly string[]>
  /**
   * A sentence where a dry run meets an archive in cold storage; undefined where it can be read. Throws
   * ARCHIVE_THAWING, BACKUP_UNUSABLE.
   */
  readonly requireAwake: () => Promise<string | undefined>
  readonly readDrills: () => Promise<readonly MeasuredDrill[]>
  readonly readRestores: () => Promise<readonly MeasuredRestore[]>
}

/** With the settings of the source's database. */
export type PlannedEntries = ChosenEntries & Pick<ArchiveToc, 'databaseSettings'>

/** What is known before the first change. */
export interface RestorePlan {
  readonly digest: string
  readonly facts: TargetFacts
  readonly entries: PlannedEntries
  readonly estimate: RestoreEstimate | undefined
  /** What changes about owners, grants and the right to connect, as sentences. */
  readonly rights: readonly string[]
  readonly warnings: readonly string[]
  /** Those of the warnings that hold after the restore too. */
  readonly notes: readonly string[]
  readonly downloadMs: number
  /** Why the contents of the archive could not be checked yet; undefined where they were. */
  readonly sleep: string | undefined
}

/**
 * Everything that could prevent a restore is checked here, and the archive is fetched and verified,
 * before anything changes. Throws BACKUP_UNUSABLE, TARGET_UNFIT, TARGET_BUSY, TOOL_MISSING, INVALID_INPUT,
 * DISK_FULL, ARCHIVE_CORRUPT.
 */
export async function planRestore(request: PlanRequest, deps: PlanDeps): Promise<RestorePlan> {
  const { manifest, scope, requirements } = request
  const { log } = deps
  refuseUnsuitable(manifest, requirements.mode)
  const facts = await timedGroup(deps, 'Look at the target', async () => {
    const found = await deps.readTarget()
    log.info(
      `${found.database} on PostgreSQL ${found.version}: ${renderBytes(found.databaseBytes)}, owned by ${found.owner}, ${renderCount(found.sessions.length)} other sessions. We are ${found.user}.`,
    )
    return found
  })
  const digest = digestPlan(request, facts)
  refuseOtherPlan(request, facts, digest)
  refuse(targetProblems(manifest, facts, { ...requirements, archive: { entries: 0, ofOthers: [] } }))
  await deps.trySettings()
  const rows = scope.of === 'rows' ? await deps.readRowFacts(scope.tables) : undefined
  if (rows !== undefined) refuse(rowProblems(rows, request.triggers))
  await deps.refuseUnready(requirements.mode, facts)
  if (requirements.takesSafetyBackup) await refuseSmallDisk(manifest, facts, deps)
  const sleep = await deps.requireAwake()
  if (sleep !== undefined) return await planSleeping(request, deps, { facts, digest, sleep })
  const downloadMs = await timedGroup(deps, 'Download and verify the archive', () =>
    fetchArchive(manifest, deps),
  )
  const entries = await deps.chooseEntries(scope, facts)
  const archive = archiveFacts(entries, facts)
  refuse(targetProblems(manifest, facts, { ...requirements, archive }))
  const notes = rows === undefined ? [] : rowWarnings(rows, request.triggers)
  const warnings = [
    ...targetWarnings(manifest, facts, { ...requirements, archive }),
    ...definerWarnings(entries, requirements.owner ?? facts.user),
    ...[otherBucketNote(manifest.object, deps.store)].filter(note => note !== undefined),
    ...notes,
    ...leftOutWarnings(entries),
    ...(requirements.mode === 'swap' ? await deps.readUnpassable() : []),
  ]
  for (const warning of warnings) log.warning(warning)
  const estimate = estimateRestore(manifest.object.bytes, await deps.readDrills(), await deps.readRestores())
  log.info(
    `Preflight passed. ${renderCount(entries.kept.length)} archive entries to restore, duration ${renderEstimate(estimate, requirements.takesSafetyBackup)}.`,
  )
  const { mode, owner } = requirements
  const wish = { mode, owner, scope, restoresGrants: request.restoresGrants, entries: entries.kept }
  const rights = rightsAfter(facts, wish)
  return { digest, facts, entries, estimate, rights, warnings, notes, downloadMs, sleep }
}

/** The run that restores reads the archive, and checks what only it can tell, before anything changes. */
async function planSleeping(
  { manifest, scope, requirements, restoresGrants }: PlanRequest,
  { log, readDrills, readRestores }: PlanDeps,
  known: Pick<RestorePlan, 'facts' | 'digest'> & { readonly sleep: string },
): Promise<RestorePlan> {
  log.warning(known.sleep)
  const { mode, owner } = requirements
  return {
    ...known,
    entries: { kept: [], leftOut: [], databaseSettings: [] },
    estimate: estimateRestore(manifest.object.bytes, await readDrills(), await readRestores()),
    rights: rightsAfter(known.facts, { mode, owner, scope, restoresGrants, entries: [] }),
    warnings: [known.sleep],
    notes: [],
    downloadMs: 0,
  }
}

function digestPlan({ manifest, scope, address, requirements }: PlanRequest, target: TargetFacts): string {
  return planDigest({
    address,
    target,
    manifestSha256: manifest.jsonSha256,
    archiveSha256: manifest.object.sha256,
    mode: requirements.mode,
    scope,
  })
}

/**
 * Throws PLAN_CHANGED when the approved plan is of another server, database, owner, backup, mode or
 * selection.
 */
function refuseOtherPlan(
  { manifest, address, expectedDigest, requirements }: PlanRequest,
  facts: TargetFacts,
  digest: string,
): void {
  if (expectedDigest === undefined || expectedDigest === digest) return
  throw new OperatorError(
    'PLAN_CHANGED',
    `Nothing was changed. expect-plan is ${expectedDigest}, but this plan is ${digest}: backup ${manifest.backup.id} with archive ${manifest.object.sha256} to ${renderIdentity(facts)} on ${address.host}:${address.port}, owned by ${facts.owner}, mode ${requirements.mode}.`,
    {
      hint: 'Compare these with the summary of the plan that was approved. To restore what is named here, plan again and approve that plan.',
    },
  )
}

/** Refuses backups that this mode must not put in the place of a database. Throws BACKUP_UNUSABLE. */
function refuseUnsuitable(manifest: Manifest, mode: RestoreMode): void {
  refuseUnrestorable(manifest)
  const { backup, fingerprint } = manifest
  if (mode === 'new-database') return
  if (backup.kind === 'partial')
    throw new OperatorError(
      'BACKUP_UNUSABLE',
      `The backup ${backup.id} is partial: it would replace a whole database by some of its tables.`,
      {
        hint: 'Pick a full backup, or restore this one with mode new-database and copy back what you need.',
      },
    )
  if (fingerprint.level === 'none')
    throw new OperatorError(
      'BACKUP_UNUSABLE',
      `The manifest of ${backup.id} counted no rows (fingerprint: none), so nothing can prove that they are all back before the old data is replaced.`,
      {
        hint: 'Use mode new-database, look at the data yourself, and cut over to it.',
      },
    )
}

/**
 * The safety backup is read back into a file while writers wait: better to know now. It packs as the backup
 * does, as far as is known.
 */
async function refuseSmallDisk(
  { object, server, backup }: Manifest,
  { databaseBytes }: TargetFacts,
  { disk }: PlanDeps,
): Promise<void> {
  const safetyBytes = Math.ceil((databaseBytes * object.bytes) / Math.max(1, server.databaseBytes))
  const { freeBytes } = await disk()
  if (freeBytes >= object.bytes + safetyBytes) return
  throw new OperatorError(
    'DISK_FULL',
    `Nothing was changed. The archive of ${backup.id} has ${renderBytes(object.bytes)} and that of the safety backup will have about ${renderBytes(safetyBytes)}, but only ${renderBytes(freeBytes)} are free on this machine.`,
    { hint: 'Use a machine with a larger disk, or set RUNNER_TEMP to one.' },
  )
}

/** One error with every reason; it is about who is connected only when nothing else is wrong. */
function refuse(problems: readonly TargetProblem[]): void {
  if (problems.length === 0) return
  const isBusy = problems.every(problem => problem.isBusy === true)
  const messages = problems.map(({ message }) => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`)
  throw new OperatorError(
    isBusy ? 'TARGET_BUSY' : 'TARGET_UNFIT',
    messages.length === 1
      ? `Nothing was changed. ${messages[0]}`
      : `Nothing was changed. ${messages.length} problems:\n- ${messages.join('\n- ')}`,
    { hint: problems.map(({ hint }) => hint).join(' ') },
  )
}

function archiveFacts({ kept }: ChosenEntries, { user }: TargetFacts): ArchiveFacts {
  return { entries: kept.length, ofOthers: entriesOfOthers(kept, user).map(renderEntry) }
}
