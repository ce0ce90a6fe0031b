import fc from 'fast-check'
import { BACKUP_KINDS, type BackupKind, renderBackupId } from '../../../src/core/backup/backup-id.ts'
import type { Catalogue, CatalogueBackup, DrillProof } from '../../../src/core/retention/catalogue.ts'
import { type RetentionPolicy, TIERS } from '../../../src/core/retention/policy.ts'

/** The moment of every sample catalogue. */
export const NOW = new Date('2026-11-29T12:00:00Z')
export const DAY_MS = 86_400_000

export const NO_POLICY: RetentionPolicy = {
  counts: {},
  withinMs: undefined,
  partialMs: 30 * DAY_MS,
  safetyMs: 90 * DAY_MS,
  referencedMs: 90 * DAY_MS,
  timeZone: 'UTC',
}

/** A backup of an instant, with both objects in the store as they should be. */
export function sampleBackup(
  snapshotAt: Date | string,
  { kind = 'daily', nonce = '1a2b3c4d', ...more }: Partial<CatalogueBackup> & { nonce?: string } = {},
): CatalogueBackup {
  const at = new Date(snapshotAt)
  const namedAt = new Date(Math.floor(at.getTime() / 1000) * 1000)
  return {
    id: renderBackupId({ instant: at, kind, nonce }),
    kind,
    namedAt,
    snapshotAt: at,
    storedAt: new Date(at.getTime() + 60_000),
    bytes: 1000,
    sha256: nonce.padEnd(64, '0'),
    versionId: 'v1',
    storedBytes: 1000,
    isOverwritten: false,
    ...more,
  }
}

export function sampleCatalogue(
  backups: readonly CatalogueBackup[],
  more: Partial<Catalogue> = {},
): Catalogue {
  return {
    backups,
    drills: [],
    hasDrills: (more.drills ?? []).length > 0,
    referenced: new Map(),
    pinned: new Map(),
    unreadable: [],
    storeTime: NOW,
    ...more,
  }
}

export function drillOf(backup: CatalogueBackup, verdict: DrillProof['verdict'], at = NOW): DrillProof {
  const { id, sha256, versionId } = backup
  return { id: `drill of ${id}`, at, verdict, backup: { id, sha256, versionId } }
}

/** `count` backups of consecutive days at 03:15, the newest today. */
export function dailyBackups(count: number, kind: BackupKind = 'daily'): readonly CatalogueBackup[] {
  const newest = Date.parse('2026-11-29T03:15:00Z')
  return Array.from({ length: count }, (_, day) => sampleBackup(new Date(newest - day * DAY_MS), { kind }))
}

const anyInstant = fc
  .integer({ min: 0, max: 1100 * 24 * 60 })
  .map(minutes => NOW.getTime() - minutes * 60_000)

const anyBackup = fc
  .record({
    at: anyInstant,
    kind: fc.constantFrom(...BACKUP_KINDS),
    nonce: fc.integer({ min: 0, max: 0xffff_ffff }).map(number => number.toString(16).padStart(8, '0')),
    lateMs: fc.constantFrom(60_000, 60_000, 60_000, 90 * DAY_MS),
    storedBytes: fc.constantFrom(1000, 1000, 1000, 1000, 1000, 999, undefined),
    isOverwritten: fc.constantFrom(false, false, false, false, true),
  })
  .map(({ at, kind, nonce, lateMs, storedBytes, isOverwritten }) =>
    sampleBackup(new Date(at), {
      kind,
      nonce,
      storedBytes,
      isOverwritten,
      storedAt: new Date(Math.min(NOW.getTime(), at + lateMs)),
    }),
  )

interface DrawnDrill {
  readonly backup: CatalogueBackup
  readonly verdict: DrillProof['verdict']
  /** Of the same id, but other bytes. */
  readonly isOfAnother: boolean
}

function anyDrill(backups: readonly CatalogueBackup[]): fc.Arbitrary<DrawnDrill> {
  return fc.record({
    backup: fc.constantFrom(...backups),
    verdict: fc.constantFrom('pass', 'pass', 'fail', 'not-measured'),
    isOfAnother: fc.constantFrom(false, false, false, true),
  })
}

/** Catalogues with doubtful backups, drills of them and of others, pins and references. Clocks agree. */
export const anyCatalogue: fc.Arbitrary<Catalogue> = fc
  .uniqueArray(anyBackup, { selector: ({ id }) => id, minLength: 1, maxLength: 30 })
  .chain(backups =>
    fc.record({
      backups: fc.constant(backups),
      drills: fc.oneof(fc.constant<DrawnDrill[]>([]), fc.array(anyDrill(backups), { maxLength: 4 })),
      pinned: fc.subarray([...backups], { maxLength: Math.min(3, backups.length) }),
      referenced: fc.subarray([...backups], { maxLength: Math.min(3, backups.length) }),
    }),
  )
  .map(({ backups, drills, pinned, referenced }) =>
    sampleCatalogue(backups, {
      drills: drills.map(({ backup, verdict, isOfAnother }) =>
        drillOf(isOfAnother ? { ...backup, sha256: 'f'.repeat(64) } : backup, verdict),
      ),
      pinned: new Map(pinned.map(({ id }) => [id, 'pinned by octocat: audit'])),
      referenced: new Map(referenced.map(({ id }) => [id, 'restores/logi/x.json'])),
    }),
  )

const anyCount = fc.option(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(Number.POSITIVE_INFINITY)), {
  nil: undefined,
  freq: 1,
})

export const anyPolicy: fc.Arbitrary<RetentionPolicy> = fc
  .record({
    counts: fc.tuple(...TIERS.map(() => anyCount)),
    withinDays: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined, freq: 1 }),
    partialDays: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
    safetyDays: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
    timeZone: fc.constantFrom('UTC', 'Asia/Singapore', 'America/New_York', 'Australia/Lord_Howe'),
  })
  .map(({ counts, withinDays, partialDays, safetyDays, timeZone }) => ({
    counts: Object.fromEntries(TIERS.map((tier, i) => [tier, counts[i]]).filter(([, count]) => count)),
    withinMs: toMs(withinDays),
    partialMs: toMs(partialDays),
    safetyMs: toMs(safetyDays),
    referencedMs: 90 * DAY_MS,
    timeZone,
  }))

function toMs(days: number | undefined): number | undefined {
  return days === undefined ? undefined : days * DAY_MS
}

/** A policy, and one that keeps at least as much in every respect. */
export const anyLooserPolicy: fc.Arbitrary<{ strict: RetentionPolicy; loose: RetentionPolicy }> = fc
  .record({
    strict: anyPolicy,
    more: fc.tuple(...TIERS.map(() => fc.integer({ min: 0, max: 6 }))),
    days: fc.nat(60),
  })
  .map(({ strict, more, days }) => ({
    strict,
    loose: {
      ...strict,
      counts: Object.fromEntries(
        TIERS.map((tier, i) => [tier, (strict.counts[tier] ?? 0) + (more[i] ?? 0)] as const).filter(
          ([, count]) => count > 0,
        ),
      ),
      withinMs: strict.withinMs === undefined ? toMs(days) : strict.withinMs + days * DAY_MS,
      partialMs: strict.partialMs === undefined ? undefined : strict.partialMs + days * DAY_MS,
      safetyMs: strict.safetyMs === undefined ? undefined : strict.safetyMs + days * DAY_MS,
    },
  }))
