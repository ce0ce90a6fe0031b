import { describe, expect, it } from 'vitest'
import type { TargetFacts } from '../../../src/core/restore/target-facts.ts'
import type { TargetRequirements } from '../../../src/core/restore/target-requirements.ts'
import { targetWarnings } from '../../../src/core/restore/target-warnings.ts'
import { withFingerprint } from '../../support/exact-checks.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'
import { REQUIREMENTS, TARGET } from '../../support/samples/target.ts'

const warnings = (facts: Partial<TargetFacts>, mode: TargetRequirements['mode'] = 'new-database') =>
  targetWarnings(SAMPLE, { ...TARGET, ...facts }, { ...REQUIREMENTS, mode })
const offered = (isTrusted: boolean, isInstalled = false) => [{ name: 'citext', isTrusted, isInstalled }]

describe('the warnings of a target', () => {
  it('are none where nothing is odd', () => {
    expect(warnings({})).toEqual([])
  })

  it('say whose backup it is', () => {
    expect(warnings({ systemIdentifier: '42' })).toEqual([
      `This backup is of another system: logi of system ${SAMPLE.server.systemIdentifier}, and the target is logi of system 42.`,
    ])
  })

  it.each([
    ['swap', 'They stay with the old data, under its new name.'],
    ['overwrite', 'Who reads them gets the emptying and filling as changes.'],
  ] as const)('say what becomes of replication slots in mode %s', (mode, words) => {
    expect(warnings({ slots: ['feed'] }, mode)).toEqual([`Replication slots read logi: feed. ${words}`])
  })

  it('leave slots alone that a new database does not touch', () => {
    expect(warnings({ slots: ['feed'] })).toEqual([])
  })

  it.each<[string, Partial<TargetFacts>, TargetRequirements['mode'], number]>([
    ['an extension for superusers only', { extensions: offered(false) }, 'new-database', 1],
    ['a trusted one', { extensions: offered(true) }, 'new-database', 0],
    ['a superuser', { extensions: offered(false), isSuperuser: true }, 'new-database', 0],
    ['one that is there, and stays', { extensions: offered(false, true) }, 'overwrite', 0],
    ['one that is there, but not in a new database', { extensions: offered(false, true) }, 'swap', 1],
    // That the server lacks it is a problem, and not a warning.
    ['one that the server lacks', { extensions: [] }, 'new-database', 0],
    [
      'plpgsql, which every database has',
      { extensions: [{ name: 'plpgsql', isTrusted: false, isInstalled: false }] },
      'swap',
      0,
    ],
  ])('of %s', (_, facts, mode, count) => {
    const found = warnings(facts, mode)
    expect(found).toHaveLength(count)
    for (const warning of found) expect(warning).toContain("or a provider's arrangement, can create citext")
  })

  it('say that nothing proves the rows where none were counted', () => {
    expect(targetWarnings(withFingerprint({ level: 'none' }), TARGET, REQUIREMENTS)).toEqual([
      'The manifest counted no rows, so nothing can prove that all of them come back.',
    ])
  })

  it('offer to drop what a killed restore left, safe to paste', () => {
    expect(warnings({ leftovers: ['a"b', 'c\nd'] })[0]).toMatch(
      /running: DROP DATABASE "a""b"; DROP DATABASE U&"c\\\+00000ad";$/,
    )
  })
})
