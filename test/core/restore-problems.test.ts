import { describe, expect, it } from 'vitest'
import { type RestoreWish, targetProblems } from '../../src/core/restore-problems.ts'
import type { TargetFacts } from '../../src/core/restore-target.ts'
import { targetWarnings } from '../../src/core/restore-warnings.ts'
import { SAMPLE } from './sample-manifest.ts'

const FACTS: TargetFacts = {
  versionNumber: 180_006,
  version: '18.6',
  database: 'logi',
  user: 'odd "user"',
  isSuperuser: false,
  mayCreateDatabases: false,
  isStandby: false,
  owner: 'logi',
  mayActAsOwner: true,
  mayActAsRole: false,
  roleNeeds: [],
  databaseBytes: 0,
  serverBytes: 0,
  extensions: [],
  foreignExtensions: [],
  keptSchemas: [],
  foreignPublications: [],
  roles: [],
  sessions: [],
  preparedTransactions: 0,
  foreignObjects: [],
  droppedObjects: 0,
  unlockableTables: [],
  subscriptions: [],
  slots: [],
  databases: [],
  keptRows: [],
  lockCapacity: 1000,
  leftovers: ['left "over"; DROP DATABASE logi'],
}

const WISH: RestoreWish = {
  mode: 'new-database',
  neededBytes: 0,
  newNames: [],
  takesSafetyBackup: false,
  disconnect: false,
  allOrNothing: true,
  owner: 'own"er',
  diskBytes: undefined,
  archiveEntries: 0,
}

describe('what speaks against a restore', () => {
  const manifest = SAMPLE

  it('comes with SQL that can be pasted, whatever the names', () => {
    const hints = targetProblems(manifest, FACTS, WISH)
      .map(({ hint }) => hint)
      .join('\n')
    expect(hints).toContain('ALTER ROLE "odd ""user""" CREATEDB;')
    expect(hints).toContain(
      'CREATE ROLE "own""er"; GRANT "own""er" TO "odd ""user""" WITH INHERIT TRUE, SET TRUE;',
    )
    const warnings = targetWarnings(manifest, FACTS, WISH).join('\n')
    expect(warnings).toContain('DROP DATABASE "left ""over""; DROP DATABASE logi";')
  })

  it('tells what a role still needs that is to own things in a database that is there', () => {
    const roleNeeds = ['GRANT CREATE ON DATABASE logi TO app;']
    const facts = { ...FACTS, mayCreateDatabases: true, mayActAsRole: true, roleNeeds }
    const hints = (mode: RestoreWish['mode']) =>
      targetProblems(manifest, facts, { ...WISH, mode }).map(({ hint }) => hint)
    expect(hints('overwrite')).toContain(roleNeeds[0])
    // There it is the owner of the database.
    expect(hints('new-database')).not.toContain(roleNeeds[0])
  })
})
