import type { GateRecord } from '../../../src/core/gate/gate-record.ts'
import type { RestoreMode, RestoreRecord } from '../../../src/core/restore/restore-record.ts'
import { sampleRecord } from './records.ts'

/** The record of a gate in which every text is this one. */
export function sampleGateRecord(text: string): GateRecord {
  const { backup, run } = sampleRecord()
  return {
    version: 1,
    gate: { id: text, database: text, at: '2026-12-01T04:00:00.000Z', level: 'drill' },
    backup: { ...backup, id: text, key: text },
    copies: [{ destination: text, archiveUri: null, problem: text }],
    durations: null,
    migrations: { tool: text, pending: [text] },
    run: { ...run, commit: text },
  }
}

/** The record of a restore of some tables, in which every name is this one. */
export function sampleRestoreRecord(name: string, mode: RestoreMode): RestoreRecord {
  const { backup, run } = sampleRecord()
  const startedAt = '2026-12-01T04:00:00.000Z'
  return {
    version: 1,
    restore: { id: 'r', database: name, mode, startedAt, outcome: 'restored', verdict: 'pass', error: null },
    backup: { ...backup, kind: 'daily' },
    target: {
      ...{ host: 'db.example', port: 5432, user: name, database: name, restoredTo: name },
      previous: mode === 'swap' ? `${name.slice(0, 20)}_before` : null,
      ...{ safetyBackup: null, safetyBackupSkipped: null, allOrNothing: null, replacedAt: null },
    },
    options: { selection: 'tables', tables: [name], leftOut: [], sessionSettings: [] },
    checks: [],
    notes: [],
    durations: {
      ...{ safetyBackupMs: null, downloadMs: 1, restoreMs: 2, checksMs: 3, windowMs: 4, totalMs: 10 },
    },
    tools: { pgRestore: '18.7', server: '18.7' },
    run,
  }
}
