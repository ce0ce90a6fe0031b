import { describe, expect, it } from 'vitest'
import type { TargetFacts } from '../../../src/core/restore/target-facts.ts'
import { targetProblems } from '../../../src/core/restore/target-problems.ts'
import type { TargetRequirements } from '../../../src/core/restore/target-requirements.ts'
import { targetWarnings } from '../../../src/core/restore/target-warnings.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'
import { REQUIREMENTS, TARGET } from '../../support/samples/target.ts'

const FACTS: TargetFacts = {
  ...TARGET,
  user: 'odd "user"',
  mayCreateDatabases: false,
  mayActAsRole: false,
  leftovers: ['left "over"; DROP DATABASE logi'],
}
const WISH: TargetRequirements = { ...REQUIREMENTS, owner: 'own"er' }

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
      { mode: 'overwrite', archive: { entries: 100, ofOthers: [] } },
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
