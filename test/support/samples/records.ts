import type { Check, Verdict } from '../../../src/core/checks/check.ts'
import type { DrillRecord } from '../../../src/core/drill/drill-record.ts'
import { parseRestoreRecord, type RestoreRecord } from '../../../src/core/restore/restore-record.ts'

export function sampleCheck(group: Check['group'], verdict: Check['verdict'], name = 'table users'): Check {
  return { group, name, verdict, expected: '20,000 rows', found: '20,000 rows', note: null }
}

/** The record of a drill of 2026-12-01, as far as nothing else is given. */
export function sampleRecord({
  checks = [sampleCheck('exact', 'pass')],
  verdict = 'pass',
}: {
  checks?: readonly Check[]
  verdict?: Verdict
} = {}): DrillRecord {
  return {
    version: 1,
    drill: {
      id: '20261201T040000Z-1a2b3c4d',
      database: 'logi',
      startedAt: '2026-12-01T04:00:00.000Z',
      verdict,
      coveredModes: [],
    },
    backup: {
      id: '20261130T031500Z-daily-5e6f7a8b',
      bucket: 'logi-backups',
      key: 'archives/logi/2026/11/20261130T031500Z-daily-5e6f7a8b.dump',
      versionId: 'v1',
      sha256: 'a'.repeat(64),
      bytes: 123_456_789,
      snapshotAt: '2026-11-30T03:15:00.456Z',
    },
    restored: null,
    checks,
    durations: { downloadMs: 12_000, restoreMs: 333_000, checksMs: 9_000, totalMs: 370_000 },
    tools: { pgRestore: '18.7', server: '18.7' },
    run: { repository: 'logi/db', workflow: 'drill', runId: '1', runAttempt: '1', commit: 'abc' },
  }
}

/** A restore, as pg-runbook wrote it before it knew of kinds, selections, notes and of replacedAt. */
export const OLD_RESTORE = {
  version: 1,
  restore: {
    id: '20261201T040000Z-1a2b3c4d',
    database: 'logi',
    mode: 'swap',
    startedAt: '2026-12-01T04:00:00.000Z',
    outcome: 'restored',
    verdict: 'pass',
    error: null,
  },
  backup: sampleRecord().backup,
  target: {
    host: 'db.example',
    port: 5432,
    user: 'logi',
    database: 'logi_db',
    restoredTo: 'logi_db',
    previous: 'logi_db_before_20261201t040000z',
    safetyBackup: null,
    safetyBackupSkipped: null,
    allOrNothing: null,
  },
  options: { tables: [], leftOut: [], sessionSettings: [] },
  checks: [],
  durations: {
    safetyBackupMs: null,
    downloadMs: 1,
    restoreMs: 2,
    checksMs: 3,
    windowMs: 4,
    totalMs: 10,
  },
  tools: { pgRestore: '18.7', server: '18.7' },
  run: sampleRecord().run,
}

/** The record of a restore of some tables into a new database. */
export function sampleRestore({
  checks,
  tables,
}: Pick<RestoreRecord, 'checks'> & Pick<RestoreRecord['options'], 'tables'>): RestoreRecord {
  const old = parseRestoreRecord(JSON.stringify(OLD_RESTORE), 'old')
  return {
    ...old,
    restore: { ...old.restore, mode: 'new-database' },
    options: { ...old.options, selection: 'tables', tables },
    checks,
  }
}
