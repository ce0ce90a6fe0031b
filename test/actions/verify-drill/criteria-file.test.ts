import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCriteria } from '../../../src/actions/verify-drill/criteria-file.ts'

describe('a criteria file', () => {
  it('is read', () => {
    const text = `# monthly drill
checks:
  - name: users
    table: users
    tolerance: 5%
  - name: links
    table: Audit."Mixed.Case"
    tolerance: 0.25 %
  - name: last sign-up
    newest: users.created_at
    within: 1h
  - name: last event
    newest: audit.events."At ""UTC"""
    within: 1h30m
  - name: audit log
    query: |
      SELECT count(*)
        FROM audit_events;
    min: 1
    max: 1e6
  - { name: orphans, query: SELECT 1, empty: true }
  - { name: version, query: SELECT 12, expect: 12 }
  - { name: flag, query: SELECT true, expect: true }
  - { name: big, query: SELECT 1, expect: "12345678901234567890" }
  - name: citext
    extension: citext
`
    expect(readCriteria(text, 'criteria.yml')).toEqual([
      { kind: 'table', name: 'users', table: { schema: undefined, name: 'users' }, tolerancePpm: 50_000 },
      { kind: 'table', name: 'links', table: { schema: 'audit', name: 'Mixed.Case' }, tolerancePpm: 2500 },
      {
        kind: 'newest',
        name: 'last sign-up',
        table: { schema: undefined, name: 'users' },
        column: 'created_at',
        withinMs: 3_600_000,
      },
      {
        kind: 'newest',
        name: 'last event',
        table: { schema: 'audit', name: 'events' },
        column: 'At "UTC"',
        withinMs: 5_400_000,
      },
      {
        kind: 'query',
        name: 'audit log',
        sql: 'SELECT count(*)\n  FROM audit_events',
        condition: { kind: 'range', min: 1, max: 1_000_000 },
      },
      { kind: 'query', name: 'orphans', sql: 'SELECT 1', condition: { kind: 'empty', empty: true } },
      { kind: 'query', name: 'version', sql: 'SELECT 12', condition: { kind: 'equals', value: '12' } },
      { kind: 'query', name: 'flag', sql: 'SELECT true', condition: { kind: 'equals', value: 'true' } },
      {
        kind: 'query',
        name: 'big',
        sql: 'SELECT 1',
        condition: { kind: 'equals', value: '12345678901234567890' },
      },
      { kind: 'extension', name: 'citext', extension: 'citext' },
    ])
  })

  it('may have no checks', () => {
    expect(readCriteria('checks: []\n', 'criteria.yml')).toEqual([])
  })

  it('may repeat itself by anchors', () => {
    const text =
      'checks:\n  - &a { name: a, table: users, tolerance: &t 5% }\n  - { name: b, table: links, tolerance: *t }\n'
    expect(readCriteria(text, 'criteria.yml')).toHaveLength(2)
  })

  it('of the logi team is one', () => {
    const file = 'examples/logi/drill-criteria.yml'
    expect(readCriteria(readFileSync(file, 'utf8'), file).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['users', 'links', 'last sign-up']),
    )
  })

  it('that the documentation shows is one', () => {
    const blocks = [
      ...readFileSync('docs/drill-criteria.md', 'utf8').matchAll(/^```yaml\n(checks:.*?)^```/gms),
    ]
    expect(blocks.length).toBeGreaterThan(0)
    for (const [, block = ''] of blocks) expect(readCriteria(block, 'docs').length).toBeGreaterThan(0)
  })
})
