import { describe, expect, it } from 'vitest'
import { rightsProblems } from '../../../src/core/restore/rights-problems.ts'
import { REQUIREMENTS, TARGET } from '../../support/samples/target.ts'

const OTHERS = { ...REQUIREMENTS, archive: { entries: 2, ofOthers: ['FUNCTION f() app'] } }
const superuser = { ...TARGET, user: 'postgres', isSuperuser: true }

describe('the objects of other roles', () => {
  it('must not become those of a superuser', () => {
    expect(rightsProblems(superuser, OTHERS)).toEqual([
      {
        message:
          'the superuser postgres would own what belongs to other roles in the backup, so that their code would run with its rights: FUNCTION f() app',
        hint: 'Connect as logi, the owner of logi, or set owner-role: logi.',
      },
    ])
  })

  it('may become those of the superuser who owns the database, if the operator says so', () => {
    const [problem] = rightsProblems({ ...superuser, owner: 'postgres' }, OTHERS)
    expect(problem?.hint).toContain('To let postgres own them: owner-role: postgres.')
  })

  it.each([
    ['an ordinary role', TARGET, OTHERS],
    ['a role that is named', superuser, { ...OTHERS, owner: 'app' }],
    ['an archive of one role', superuser, REQUIREMENTS],
  ])('are no problem for %s', (_, facts, requirements) => {
    expect(rightsProblems(facts, requirements)).toEqual([])
  })

  it('are not all listed where there are many', () => {
    const archive = { entries: 99, ofOthers: Array.from({ length: 99 }, (_, i) => `TABLE t${i} app`) }
    expect(rightsProblems(superuser, { ...REQUIREMENTS, archive })[0]?.message).toMatch(/ and 89 more$/)
  })
})

describe('user mappings whose passwords no backup holds', () => {
  const hiddenUserMappings = [
    { user: 'PUBLIC', server: 'far' },
    { user: 'o"dd', server: 'a b' },
  ]

  it('are not overwritten; the hint can be pasted', () => {
    expect(rightsProblems({ ...TARGET, hiddenUserMappings }, { ...REQUIREMENTS, mode: 'overwrite' })).toEqual(
      [
        {
          message:
            'overwriting drops user mappings whose passwords logi may not read, so that no backup holds them: PUBLIC on far, o"dd on a b',
          hint: 'Use mode new-database or swap, and create them in the restored database. To lose them: DROP USER MAPPING FOR PUBLIC SERVER "far"; DROP USER MAPPING FOR "o""dd" SERVER "a b";',
        },
      ],
    )
  })

  it.each(['new-database', 'swap'] as const)('stay in mode %s', mode => {
    expect(rightsProblems({ ...TARGET, hiddenUserMappings }, { ...REQUIREMENTS, mode })).toEqual([])
  })
})
