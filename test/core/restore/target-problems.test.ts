import { describe, expect, it } from 'vitest'
import { neededBytes } from '../../../src/core/restore/restore-scope.ts'
import type { TargetFacts } from '../../../src/core/restore/target-facts.ts'
import { targetProblems } from '../../../src/core/restore/target-problems.ts'
import { NO_ARCHIVE, type TargetRequirements } from '../../../src/core/restore/target-requirements.ts'
import { targetWarnings } from '../../../src/core/restore/target-warnings.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'

const FACTS: TargetFacts = {
  versionNumber: 180_006,
  version: '18.6',
  database: 'logi',
  systemIdentifier: SAMPLE.server.systemIdentifier,
  user: 'odd "user"',
  isSuperuser: false,
  mayCreateDatabases: false,
  isStandby: false,
  owner: 'logi',
  mayActAsOwner: true,
  connectors: [],
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
  objectsNotOwned: [],
  droppedObjects: 0,
  unlockableTables: [],
  subscriptions: [],
  hiddenUserMappings: [],
  slots: [],
  databases: [],
  keptRows: [],
  lockCapacity: 1000,
  leftovers: ['left "over"; DROP DATABASE logi'],
}

const WISH: TargetRequirements = {
  mode: 'new-database',
  neededBytes: 0,
  newNames: [],
  takesSafetyBackup: false,
  terminateSessions: false,
  allOrNothing: true,
  confirmedSource: undefined,
  owner: 'own"er',
  diskBytes: undefined,
  archive: NO_ARCHIVE,
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

  it.each([
    ['a standby', { isStandby: true }, {}, 'standby'],
    ['prepared transactions', { preparedTransactions: 2 }, { mode: 'swap' }, '2 prepared transactions'],
    [
      'too few locks',
      { droppedObjects: 800, lockCapacity: 1000 },
      { mode: 'overwrite', archive: { ...NO_ARCHIVE, entries: 100 } },
      'about 1200 locks',
    ],
    ['a name that is taken', { databases: ['logi', 'new'] }, { newNames: ['new'] }, 'named new already'],
    [
      'a subscription',
      { subscriptions: ['feed'] },
      { mode: 'overwrite' },
      'subscribes to another database: feed',
    ],
    [
      'a small disk',
      { serverBytes: 900 },
      { diskBytes: 1000, neededBytes: 101 },
      'needs about 101 B in addition',
    ],
  ] as const)('%s', (_, facts, requirements, words) => {
    const problems = targetProblems(
      manifest,
      { ...FACTS, mayCreateDatabases: true, mayActAsRole: true, ...facts },
      { ...WISH, ...requirements },
    )
    expect(problems.map(({ message }) => message).join('\n')).toContain(words)
  })

  it('is a matter of the rows that are chosen', () => {
    const tables = [{ schema: 'public', name: SAMPLE.fingerprint.tables[0]?.name ?? '' }]
    const all = neededBytes(manifest, { of: 'everything' })
    expect(all).toBe(manifest.server.databaseBytes)
    expect(neededBytes(manifest, { of: 'structure' })).toBe(0)
    expect(neededBytes(manifest, { of: 'tables', tables })).toBeLessThanOrEqual(all)
  })

  it('tells what a role still needs that is to own things in a database that is there', () => {
    const roleNeeds = ['GRANT CREATE ON DATABASE logi TO app;']
    const facts = { ...FACTS, mayCreateDatabases: true, mayActAsRole: true, roleNeeds }
    const hints = (mode: TargetRequirements['mode']) =>
      targetProblems(manifest, facts, { ...WISH, mode }).map(({ hint }) => hint)
    expect(hints('overwrite')).toContain(roleNeeds[0])
    // There it is the owner of the database.
    expect(hints('new-database')).not.toContain(roleNeeds[0])
  })
})
