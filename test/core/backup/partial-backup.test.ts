import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import { renderBackupCommands, statementsBefore } from '../../../src/core/backup/partial-backup.ts'
import { SAMPLE, sampleTable } from '../../support/samples/manifest.ts'

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

const STORE = { bucket: 'asked', endpoint: undefined }

describe('what an empty database lacks before a restore', () => {
  it('is nothing for a full backup', () => {
    expect(statementsBefore(SAMPLE)).toEqual([])
    expect(renderBackupCommands(SAMPLE, STORE).file).toMatch(/^aws s3 cp /)
  })

  it.each([{ tablePatterns: ['audit.*'] }, { schemaPatterns: ['audit', 'public'] }])(
    'is the schemas and the extensions, in that order: %o',
    backup => {
      expect(statementsBefore(partial(backup, 'audit', 'public', 'audit'))).toEqual([
        'CREATE SCHEMA IF NOT EXISTS "audit"',
        'CREATE EXTENSION IF NOT EXISTS "citext" WITH SCHEMA "public"',
      ])
    },
  )

  it('is what a plain script does not make, and not what it does', () => {
    const plain = (...schemas: string[]) => ({
      ...partial({ schemaPatterns: schemas }, ...schemas),
      archive: { ...SAMPLE.archive, format: 'plain' as const },
    })
    expect(statementsBefore(plain('audit'))).toEqual([
      'CREATE EXTENSION IF NOT EXISTS "citext" WITH SCHEMA "public"',
    ])
    expect(statementsBefore(plain('public'))).toEqual(['DROP SCHEMA IF EXISTS public'])
  })

  it('is a command whose names a shell leaves alone', () => {
    const { file } = renderBackupCommands(partial({ tablePatterns: ['x'] }, "it's"), STORE)
    expect(file).toContain(`--command 'CREATE SCHEMA IF NOT EXISTS "it'\\''s"' \\\n`)
  })

  it.each([{ schemaPatterns: ['audit'] }, { tablePatterns: ['audit.*'] }, {}])('is no stream: %o', backup => {
    expect(renderBackupCommands(partial(backup, 'audit'), STORE).stream).toBeUndefined()
  })
})
