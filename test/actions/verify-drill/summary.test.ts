import { describe, expect, it, test } from 'vitest'
import { renderDrillSummary } from '../../../src/actions/verify-drill/summary.ts'
import type { Check } from '../../../src/core/checks/check.ts'
import { sampleCheck, sampleRecord } from '../../support/samples/records.ts'

const context = { recordUri: 's3://logi-backups/drills/logi/20261201T040000Z-1a2b3c4d.json', previous: [] }

describe('the summary of a drill that passed', () => {
  it('is the verdict, the facts, the recovery time, and the checks folded away', () => {
    const earlier = sampleRecord()
    const previous = [
      {
        drill: { ...earlier.drill, id: 'earlier', startedAt: '2026-11-01T04:00:00.000Z' },
        durations: { ...earlier.durations, restoreMs: 160_500 },
      },
    ]
    expect(renderDrillSummary(sampleRecord(), { ...context, previous })).toBe(`## ✅ Drill passed: logi

| Backup | <code>20261130T031500Z-daily-5e6f7a8b</code> |
| :--- | :--- |
| **Shows the database at** | <code>2026-11-30T03:15:00.456Z</code> |
| **Archive** | <code>s3<span>:</span>//logi-backups/archives/logi/2026/11/20261130T031500Z-daily-5e6f7a8b.dump</code> version <code>v1</code> |
| **SHA-256** | <code>${'a'.repeat(64)}</code>, 118 MiB |
| **Recovery time (RTO)** | **5 min 45 s** (download 12 s, restore 5 min 33 s) |
| **Checks** | 1 passed |
| **Whole drill** | 6 min 10 s |
| **Tools** | pg_restore 18.7 into PostgreSQL 18.7 |
| **Record** | <code>s3<span>:</span>//logi-backups/drills/logi/20261201T040000Z-1a2b3c4d.json</code> |

### What to do next

Nothing now. This backup can be relied on: <code>restore-from-s3</code> with <code>backup: 20261130T031500Z-daily-5e6f7a8b</code> brings it back.

### Last drills

The one drill before took 2 min 53 s: this one took 2.0 times as long.

\`\`\`text
2026-11-01 04:00  pass               2 min 53 s  ██████████████
2026-12-01 04:00  pass ◀ this drill  5 min 45 s  ████████████████████████████
\`\`\`

<details><summary>✅ 1 check passed</summary>

|  | Check | Expected | Found |
| :--- | :--- | :--- | :--- |
| ✅ | table users (exact) | 20,000 rows | 20,000 rows |

</details>`)
  })
})

describe('the summary of a drill that failed', () => {
  const failed: Check = {
    ...sampleCheck('exact', 'fail'),
    found: '19,999 rows (1 fewer)',
    note: 'one is gone',
  }
  const checks = [
    sampleCheck('restore', 'pass', 'restore'),
    failed,
    sampleCheck('criteria', 'not-measured', 'open'),
  ]
  const text = renderDrillSummary(sampleRecord({ checks, verdict: 'fail' }), context)

  it('begins with the verdict, what failed, what is open, the facts, and what to do', () => {
    expect(text).toMatch(/^## ❌ Drill failed: logi\n/)
    const order = [
      '| ❌ | table users',
      '| ⚠️ | open',
      '| Backup |',
      '### What to do next',
      '1. Do not rely',
      '### Last drills',
      '| ✅ | restore',
    ]
    expect(order.map(part => text.indexOf(part)).toSorted((a, b) => a - b)).toEqual(
      order.map(part => text.indexOf(part)),
    )
    expect(text.indexOf('| ❌ | table users')).toBeGreaterThan(0)
  })

  it('gives both values, and why', () => {
    expect(text).toContain('| 20,000 rows | 19,999 rows (1 fewer)<br>one is gone |')
    expect(text).toContain('| **Checks** | 1 failed, 1 not measured, 1 passed |')
  })

  it('shows no recovery time of an unfinished restore, and that no record was written', () => {
    const record = sampleRecord({ checks, verdict: 'fail' })
    const broken = {
      ...record,
      durations: { ...record.durations, restoreMs: null },
      tools: { pgRestore: '', server: '' },
    }
    const summary = renderDrillSummary(broken, { recordUri: undefined, previous: [] })
    expect(summary).toContain('not measured: the restore did not finish')
    expect(summary).toContain('not restored')
    expect(summary).toContain('| **Record** | could not be written |')
    expect(summary).toContain('| **Tools** | none was needed |')
  })

  it('stays within a job summary, however much failed', () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({
      ...failed,
      name: `table ${i} ${'<'.repeat(1000)}`,
      expected: '|'.repeat(5000),
      found: '&'.repeat(5000),
    }))
    const summary = renderDrillSummary(sampleRecord({ checks: many, verdict: 'fail' }), context)
    expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024)
    expect(summary).toContain('_and 4960 more, all in the record_')
  })
})

describe('the summary of a drill that measured nothing', () => {
  it('says so', () => {
    const checks = [sampleCheck('exact', 'not-measured', 'all tables')]
    const text = renderDrillSummary(sampleRecord({ checks, verdict: 'not-measured' }), context)
    expect(text).toMatch(/^## ⚠️ Nothing was measured: logi\n/)
    expect(text).toContain('1. Give the drill something to compare with')
  })

  it('does not say so where only a part is open', () => {
    const checks = [sampleCheck('exact', 'pass'), sampleCheck('criteria', 'not-measured')]
    const text = renderDrillSummary(sampleRecord({ checks, verdict: 'not-measured' }), context)
    expect(text).toMatch(/^## ⚠️ Not everything was measured: logi\n/)
  })
})

describe('text from outside', () => {
  const hostile =
    '</details><script>alert(1)</script> | @octocat ![x](https://a.example/b) ::error::x\n# heading'

  test.each(['name', 'expected', 'found', 'note'] as const)('in the %s of a check stays literal', field => {
    for (const verdict of ['fail', 'pass', 'information', 'not-measured'] as const) {
      const check = { ...sampleCheck('exact', verdict), [field]: hostile }
      const text = renderDrillSummary(sampleRecord({ checks: [check], verdict: 'fail' }), context)
      expect(text).not.toContain('<script>')
      expect(text).not.toContain('@octocat')
      expect(text).not.toContain('![x]')
      expect(text).not.toMatch(/^# heading/m)
      expect(text.match(/<\/details>/g)?.length ?? 0).toBe(text.match(/<details>/g)?.length ?? 0)
    }
  })
})
