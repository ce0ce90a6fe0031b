import { expect, test } from 'vitest'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import { scratchNeeds } from '../../../src/core/drill/scratch-needs.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'

const BIG = { ...SAMPLE, server: { ...SAMPLE.server, databaseBytes: 1_000_000 } }

test.each<[string, Partial<Manifest['backup']>, number, number]>([
  ['all of a database', {}, 1_000_000, 2],
  ['some tables', { kind: 'partial', tablePatterns: ['users'] }, 10_000, 0],
  ['some schemas', { kind: 'partial', schemaPatterns: ['public'] }, 10_000, 0],
  ['all but some tables', { kind: 'partial', excludeTablePatterns: ['log'] }, 10_000, 2],
])('what %s needs', (_, changes, bytes, extensions) => {
  const needs = scratchNeeds({ ...BIG, backup: { ...BIG.backup, ...changes } })
  expect([needs.databaseBytes, needs.extensions.length]).toEqual([bytes, extensions])
})
