import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../src/core/manifest.ts'
import { renderCommandBefore, statementsBefore } from '../../src/core/partial-backup.ts'
import { SAMPLE, sampleTable } from './sample-manifest.ts'

function partial(backup: Partial<Manifest['backup']>, ...schemas: readonly string[]): Manifest {
  return {
    ...SAMPLE,
    backup: { ...SAMPLE.backup, kind: 'partial', ...backup },
    fingerprint: {
      ...SAMPLE.fingerprint,
      tables: schemas.map(schema => ({ ...sampleTable('t', 1), schema })),
    },
  }
}

describe('what an empty database lacks before a restore', () => {
  it('is nothing for a full backup', () => {
    expect(statementsBefore(SAMPLE)).toEqual([])
    expect(renderCommandBefore(SAMPLE)).toBe('')
  })

  it('is the schemas of single tables, and the extensions', () => {
    expect(statementsBefore(partial({ tables: ['audit.*'] }, 'audit', 'public', 'audit'))).toEqual([
      'CREATE SCHEMA IF NOT EXISTS "audit"',
      'CREATE EXTENSION IF NOT EXISTS "citext" WITH SCHEMA "public"',
    ])
  })

  it('is the extensions alone for a whole schema, which the archive makes itself', () => {
    expect(statementsBefore(partial({ schemas: ['audit'] }, 'audit'))).toEqual([
      'CREATE EXTENSION IF NOT EXISTS "citext" WITH SCHEMA "public"',
    ])
    expect(statementsBefore(partial({ schemas: ['public'] }, 'public'))).toEqual([])
  })

  it('is a command whose names a shell leaves alone', () => {
    expect(renderCommandBefore(partial({ tables: ['x'] }, "it's"))).toContain(
      `--command 'CREATE SCHEMA IF NOT EXISTS "it'\\''s"' \\\n`,
    )
  })
})
