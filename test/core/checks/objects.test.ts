import { describe, expect, it, test } from 'vitest'
import { verdictOf } from '../../../src/core/checks/check.ts'
import { exactChecks } from '../../../src/core/checks/compare-manifest.ts'
import { failureLines, failures, restored, withFingerprint } from '../../support/exact-checks.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'

describe('an extension', () => {
  it('that is missing fails', () => {
    const checks = exactChecks(SAMPLE, restored({ extensions: SAMPLE.server.extensions.slice(1) }))
    expect(failureLines(checks)).toEqual(['extension citext: 1.6 in schema public | not installed'])
    expect(verdictOf(checks)).toBe('fail')
  })

  it('in another schema fails', () => {
    const moved = SAMPLE.server.extensions.map(extension => ({ ...extension, schema: 'other' }))
    expect(failureLines(exactChecks(SAMPLE, restored({ extensions: moved })))[0]).toBe(
      'extension citext: 1.6 in schema public | 1.6 in schema other',
    )
  })

  it('of another version, or one too many, is a note', () => {
    const extensions = [
      { name: 'citext', version: '1.8', schema: 'public' },
      { name: 'plpgsql', version: '1.0', schema: 'pg_catalog' },
      { name: 'neon', version: '1', schema: 'neon' },
    ]
    const checks = exactChecks(SAMPLE, restored({ extensions }))
    expect(failures(checks)).toEqual([])
    expect(checks.find(({ name }) => name === 'extensions')?.note).toBe(
      'other version than in the backup: citext (an archive names no version); not from the backup: neon',
    )
  })

  it('is not in a backup that names its tables', () => {
    const partial = { ...SAMPLE, backup: { ...SAMPLE.backup, tablePatterns: ['users'] } }
    expect(failures(exactChecks(partial, restored({ extensions: [] })))).toEqual([])
  })
})

describe('counts of objects', () => {
  test.each(['indexes', 'constraints', 'triggers', 'functions', 'policies', 'views'] as const)(
    '%s that differ fail, with both numbers',
    kind => {
      const objects = { ...restored().objects, [kind]: restored().objects[kind] + 1 }
      const expected = restored().objects[kind]
      expect(failureLines(exactChecks(SAMPLE, restored({ objects })))).toEqual([
        `${kind}: ${expected} | ${expected + 1} (1 more)`,
      ])
    },
  )

  it('leave constraints out where the source did not count NOT NULL among them', () => {
    const old = { ...SAMPLE, server: { ...SAMPLE.server, version: '17.12' } }
    const objects = { ...restored().objects, constraints: 31 }
    const checks = exactChecks(old, restored({ objects }))
    expect(failures(checks)).toEqual([])
    expect(checks.at(-1)?.note).toContain('PostgreSQL 17.12')
    expect(checks.at(-1)?.found).not.toContain('31')
  })

  it('are not compared with a partial backup', () => {
    const checks = exactChecks(
      withFingerprint({ objects: null }),
      restored({ objects: { ...restored().objects, views: 99 } }),
    )
    expect(failures(checks)).toEqual([])
  })
})
