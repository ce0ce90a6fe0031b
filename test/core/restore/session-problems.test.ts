import { describe, expect, it } from 'vitest'
import { sessionProblems } from '../../../src/core/restore/session-problems.ts'
import { REQUIREMENTS, TARGET } from '../../support/samples/target.ts'

const session = (more = {}) => ({
  pid: '7',
  user: 'logi',
  application: 'app',
  client: '10.0.0.7',
  mayTerminate: true,
  ...more,
})
const overwrite = { ...REQUIREMENTS, mode: 'overwrite' } as const
const swap = { ...REQUIREMENTS, mode: 'swap' } as const

describe('other sessions', () => {
  it('are no problem where there are none', () => {
    expect([overwrite, swap].flatMap(requirements => sessionProblems(TARGET, requirements))).toEqual([])
  })

  it('block an overwriting, grouped by what they are', () => {
    const sessions = [session(), session({ pid: '8' }), session({ application: '', client: '' })]
    expect(sessionProblems({ ...TARGET, sessions }, overwrite)).toEqual([
      {
        message: '3 other sessions in logi: app as logi from 10.0.0.7 (2), a session as logi',
        hint: 'Stop the application, or set terminate-sessions: true to cut them off.',
        isBusy: true,
      },
    ])
  })

  it.each([
    ['terminate-sessions', { ...overwrite, terminateSessions: true }],
    ['mode swap, which ends them at the rename', swap],
  ])('do not block with %s', (_, requirements) => {
    expect(sessionProblems({ ...TARGET, sessions: [session()] }, requirements)).toEqual([])
  })

  it.each([swap, { ...overwrite, terminateSessions: true }])(
    'that may not be ended always block: $mode',
    requirements => {
      const sessions = [session({ user: 'postgres', mayTerminate: false }), session()]
      const [problem, ...more] = sessionProblems({ ...TARGET, sessions }, requirements)
      expect(more).toEqual([])
      expect(problem).toMatchObject({
        message: '1 session in logi cannot be ended by logi: app as postgres from 10.0.0.7',
        isBusy: true,
      })
    },
  )

  it('are named up to five groups', () => {
    const sessions = Array.from({ length: 7 }, (_, i) => session({ user: `u${i}` }))
    expect(sessionProblems({ ...TARGET, sessions }, overwrite)[0]?.message).toMatch(
      /u4 from 10\.0\.0\.7 and 2 more$/,
    )
  })
})

describe('replication and prepared transactions', () => {
  it('that write to the database are no matter of time', () => {
    const [problem] = sessionProblems({ ...TARGET, subscriptions: ['feed'] }, swap)
    expect(problem).toMatchObject({ message: 'logi subscribes to another database: feed' })
    expect(problem?.isBusy).toBeUndefined()
  })

  it.each([
    [1, '1 prepared transaction'],
    [2, '2 prepared transactions'],
  ])('of %d keep the database busy', (preparedTransactions, words) => {
    expect(sessionProblems({ ...TARGET, preparedTransactions }, swap)).toMatchObject([
      { message: `logi has ${words}`, isBusy: true },
    ])
  })
})
