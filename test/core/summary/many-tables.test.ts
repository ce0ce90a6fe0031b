import { describe, expect, it } from 'vitest'
import { renderDumpSummary } from '../../../src/actions/dump-to-s3/summary.ts'
import { renderRestoreSummary } from '../../../src/actions/restore-from-s3/summary.ts'
import { renderDrillSummary } from '../../../src/actions/verify-drill/summary.ts'
import { renderManifest } from '../../../src/core/backup/manifest.ts'
import { exactChecks } from '../../../src/core/checks/compare-manifest.ts'
import { renderDrillRecord } from '../../../src/core/drill/drill-record.ts'
import { KIB, MIB } from '../../../src/core/text/bytes.ts'
import { restored, withFingerprint } from '../../support/exact-checks.ts'
import { sampleSequence, sampleTable } from '../../support/samples/manifest.ts'
import { sampleRecord, sampleRestore } from '../../support/samples/records.ts'

const TABLES = 20_000
/** As long as PostgreSQL allows, in characters that Markdown has to escape. */
const LONGEST_NAME = '<|>'.repeat(21)

const tables = Array.from({ length: TABLES }, (_, i) => sampleTable(`t${i}`, 3))
const manifest = withFingerprint({
  tables,
  sequences: tables.map(({ name }) => sampleSequence(`${name}_id_seq`, { atSnapshot: '3', atEnd: '3' })),
})
const context = {
  manifestUri: 's3://b/manifest',
  recordUri: 's3://b/record',
  store: { bucket: 'b', endpoint: undefined },
  previous: [],
}

describe('20,000 tables', () => {
  it('make a manifest of at most 600 bytes each', () => {
    expect(renderManifest(manifest).length / TABLES).toBeLessThan(600)
  })

  it('are not in the record of a drill that found them as they were', () => {
    const sequences = new Map(
      manifest.fingerprint.sequences.map(({ schema, name }) => [
        name,
        { schema, name, value: '3', next: null, isConfiguration: false },
      ]),
    )
    const checks = exactChecks(manifest, restored({ tables, sequences }))
    expect(renderDrillRecord(sampleRecord({ checks })).length).toBeLessThan(10 * KIB)
  })

  it('leave room in the summary of a backup, of a drill and of a restore', () => {
    const renamed = tables.map(table => ({ ...table, name: `${LONGEST_NAME}${table.name}` }))
    const checks = exactChecks(withFingerprint({ tables: renamed }), restored({ tables: [] }))
    expect(checks.length).toBeGreaterThan(TABLES)
    const summaries = [
      renderDumpSummary(withFingerprint({ tables: renamed }), { ...context, copies: [] }),
      renderDrillSummary(sampleRecord({ checks, verdict: 'fail' }), context),
      renderRestoreSummary(sampleRestore({ checks, tables: renamed.map(({ name }) => name) }), {
        ...{ ...context, notice: '', failure: undefined },
        copyBack: renamed.map(table => ({ ...table, columns: ['id', 'v'] })),
      }),
    ]
    for (const summary of summaries) expect(Buffer.byteLength(summary)).toBeLessThan(MIB / 4)
  })
})
